// Marked words in the editor's texts: select them, choose an option; drawn behind the text with the
// places of findings, listed below it, and carried along while the text is edited.

const MOST_MARKS = 200 // of one label, as on the server
const NEAR = 200 // code points, as on the server
const LOOKS = 6

class Marking {
  constructor(schema, form, changed, findings = []) {
    this.fields = schema.filter(({ kind }) => kind === "span")
    this.options = this.fields.flatMap(({ name, options }) => options.map((option) => ({ label: name, option })))
    this.findings = findings.filter(({ text }) => text)
    Object.assign(this, { form, changed, views: [] })
  }

  get any() {
    return this.fields.length > 0
  }

  // The marks of one text, each with its label.
  of(name) {
    return this.fields.flatMap(({ name: label }) =>
      (this.form.labels[label] ?? []).filter(({ field }) => field === name).map((mark) => ({ label, mark })))
      .sort((a, b) => a.mark.start - b.mark.start || a.mark.end - b.mark.end)
  }

  // What is drawn in a text: the places of its findings, and upon them its marks.
  drawn(name, text) {
    const found = this.findings.filter(({ field }) => field === name).flatMap((one) => placeOf(one, text) ?? [])
    return [...found, ...this.of(name).map(({ label, mark }) => ({ ...mark, label }))]
  }

  shows(name) {
    return this.any || this.findings.some(({ field }) => field === name)
  }

  look({ label, option, severity }) {
    if (severity) return { class: `found ${severity}`, title: label }
    const number = this.options.findIndex((one) => one.label === label && one.option === option)
    return { class: `mark look-${Math.max(0, number) % LOOKS}`, title: option }
  }

  // Mark words of a text; what is wrong, or "".
  add(name, { label, option }, start, end) {
    const text = this.form[name]
    const had = this.form.labels[label] ?? []
    const own = had.filter(({ field }) => field === name)
    const made = withSpan(own, { field: name, start, end, option }, (one) => one.option === option)
      .map((one) => ({ ...one, text: textBetween(text, one.start, one.end) }))
    const all = [...had.filter(({ field }) => field !== name), ...made]
    if (all.length > MOST_MARKS) return `At most ${MOST_MARKS} marks of “${label}”. Remove some.`
    this.put(label, all)
    return ""
  }

  remove(label, mark) {
    this.put(label, this.form.labels[label].filter((one) => one !== mark))
  }

  put(label, marks) {
    if (marks.length) this.form.labels[label] = marks
    else delete this.form.labels[label]
    this.update()
    this.changed()
  }

  // The text became another: the words of marks that are gone.
  edited(name, before, after) {
    const gone = []
    for (const { name: label } of this.fields) {
      const had = this.form.labels[label]
      if (!had?.some(({ field }) => field === name)) continue
      const moved = had.map((mark) => (mark.field === name ? movedMark(mark, before, after) : mark))
      gone.push(...had.filter((_, k) => !moved[k]).map(({ text }) => text))
      const left = moved.filter(Boolean)
      if (left.length) this.form.labels[label] = left
      else delete this.form.labels[label]
    }
    this.update()
    return gone
  }

  update() {
    for (const view of this.views) view()
  }
}

// A mark after an edit: before and behind the edit it keeps its words, around it it grows with them,
// and one that the edit cuts is looked for where its words stand once. null: it is gone.
function movedMark(mark, before, after) {
  const [old, now] = [[...before], [...after]]
  const shorter = Math.min(old.length, now.length)
  let head = 0
  while (head < shorter && old[head] === now[head]) head += 1
  let tail = 0
  while (tail < shorter - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1
  const [behind, delta] = [old.length - tail, now.length - old.length]
  if (mark.end <= head) return mark
  if (mark.start >= behind) return { ...mark, start: mark.start + delta, end: mark.end + delta }
  if (mark.start <= head && behind <= mark.end) {
    const text = now.slice(mark.start, mark.end + delta).join("")
    return text.trim() ? { ...mark, end: mark.end + delta, text } : null
  }
  return foundMark(mark, after, now)
}

function foundMark(mark, text, points) {
  const low = Math.max(0, mark.start - NEAR)
  const near = placesOf(points.slice(low, mark.end + NEAR).join(""), mark.text)
  const places = near.length ? near.map((place) => low + place) : placesOf(text, mark.text)
  if (places.length !== 1) return null
  return { ...mark, start: places[0], end: places[0] + [...mark.text].length }
}

// The first two places of the words, in code points.
function placesOf(text, words) {
  const first = text.indexOf(words)
  const second = first < 0 ? -1 : text.indexOf(words, first + 1)
  return [first, second].filter((unit) => unit >= 0).map((unit) => pointsBefore(text, unit))
}

// What is selected in a text area, without white space at its ends; null for nothing.
function selectedIn(area) {
  const { value, selectionStart, selectionEnd } = area
  const words = value.slice(selectionStart, selectionEnd)
  if (!words.trim()) return null
  const start = pointsBefore(value, selectionStart + words.length - words.trimStart().length)
  return { start, end: start + [...words.trim()].length }
}

// The options that mark what is selected, beside a text's caption.
function markBar(marking, name, area, say) {
  const mark = (chosen, focus) => {
    const found = selectedIn(area)
    if (!found) return say("Select words in the text first, then choose what they are.")
    say(marking.add(name, chosen, found.start, found.end))
    if (focus) area.focus()
    return area.setSelectionRange(area.selectionEnd, area.selectionEnd)
  }
  const several = marking.fields.length > 1
  const chips = marking.options.map((one, k) =>
    element("button", { type: "button", class: "chip", "data-key": String(k + 1), title: `Mark the selected words as ${one.option}`,
      // The words stay selected while a finger or the mouse comes down on the button.
      onpointerdown: (event) => event.preventDefault(), onclick: (event) => mark(one, event.detail === 0) },
    element("span", marking.look(one), several ? `${one.label}: ${one.option}` : one.option)))
  return element("div", { class: "marking", role: "group", "aria-label": `Mark selected words of the ${name}` },
    element("span", { class: "size" }, "Mark"), ...chips)
}

// What is marked in a text, each to be taken away again.
function markList(marking, name) {
  const list = element("div", { class: "made" })
  const draw = () => list.replaceChildren(...marking.of(name).map(({ label, mark }) => {
    const points = [...mark.text]
    const shown = points.slice(0, 40).join("") + (points.length > 40 ? "…" : "")
    return element("button", { type: "button", class: "unmark", "aria-label": `Remove the mark ${mark.option}: ${shown}`,
      onclick: () => marking.remove(label, mark) }, "✕ ",
    element("span", marking.look({ label, option: mark.option }), mark.option), `: ${shown}`)
  }))
  marking.views.push(draw)
  draw()
  return list
}

// The marks behind a text area: the same text in the same place, its words coloured.
function markBackdrop(marking, name, area) {
  const backdrop = element("div", { class: "backdrop", "aria-hidden": "true" })
  const place = () => {
    backdrop.style.height = `${area.offsetHeight}px`
    backdrop.style.width = `${area.clientWidth + 2}px`
    backdrop.scrollTop = area.scrollTop
  }
  const draw = () => {
    backdrop.replaceChildren(document.createTextNode(area.value))
    markSpans(backdrop, area.value, marking.drawn(name, area.value), (one) => marking.look(one))
    backdrop.append("\n")
    place()
  }
  area.addEventListener("scroll", place, { passive: true })
  new ResizeObserver(place).observe(area)
  marking.views.push(draw)
  requestAnimationFrame(draw)
  return backdrop
}
