// The parts of the editor's form: three texts, labels, quality, comment. `form` holds what the
// person entered; `changed()` is called after every change of it.

const QUALITY = ["unusable", "poor", "fair", "good", "excellent"]

function grow(area) {
  area.style.height = "auto"
  area.style.height = `${Math.min(area.scrollHeight + 2, 560)}px`
}

// With `marking`, its words can be marked: see editor_spans.js.
function textField(name, form, changed, marking) {
  const area = element("textarea", {
    id: name,
    rows: name === "instruction" ? "2" : "3",
    spellcheck: "true",
    oninput: () => {
      const before = form[name]
      form[name] = area.value
      if (marking.shows(name)) said(goneMarks(marking.edited(name, before, area.value)))
      size.textContent = sizeOf(area.value)
      grow(area)
      changed()
    },
  })
  area.value = form[name]
  const size = element("span", { class: "size" }, sizeOf(form[name]))
  const note = element("p", { class: "gone", role: "status" })
  const said = (words) => { note.textContent = words }
  requestAnimationFrame(() => grow(area))
  let wide = 0
  new ResizeObserver(() => {
    if (area.clientWidth !== wide) grow(area) // as tall as its lines, however the window is turned
    wide = area.clientWidth
  }).observe(area)
  const [can, drawn] = [marking.any, marking.shows(name)]
  return element(
    "div",
    { class: "field" },
    element("div", { class: "caption" }, element("label", { for: name }, title(name)), size,
      can ? markBar(marking, name, area, said) : null),
    drawn ? element("div", { class: "markable" }, markBackdrop(marking, name, area), area) : area,
    note,
    can ? markList(marking, name) : null,
  )
}

function goneMarks(words) {
  if (!words.length) return ""
  const named = words.slice(0, 3).map((one) => `“${one}”`).join(", ")
  return `${counted(words.length, "mark")} taken off, as the marked words no longer stand there: ${named}.`
}

function sizeOf(text) {
  const turns = isConversation(text) ? text.split(SPEAKER).length >> 1 : 0
  const size = text ? `${many(text.length)} characters` : "empty"
  return turns ? `${counted(turns, "earlier turn")}, each under its [[speaker]] · ${size}` : size
}

function title(name) {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

function qualityField(form, changed) {
  const choose = (value) => () => {
    form.quality = value
    changed()
  }
  return element(
    "fieldset",
    { class: "quality" },
    element("legend", {}, "Quality"),
    ...QUALITY.map((word, i) =>
      choice("radio", "quality", String(i + 1), form.quality === i + 1, `${i + 1} ${word}`,
        choose(i + 1)),
    ),
  )
}

// In review a field is read with its differences first and opened for editing on demand.
function readField(name, changes, edit, marking) {
  const text = element("div", { class: "changes" })
  const draw = () => {
    text.replaceChildren(...drawChanges(changes).childNodes)
    const stands = (node) => !node.parentElement.closest("del, .spoken")
    const shown = textNodes(text, stands).map(([node]) => node.data).join("")
    // With speakers as headings, or signs for white space, the places would be others.
    if (shown !== marking.form[name]) return
    markSpans(text, shown, marking.drawn(name, shown), (one) => marking.look(one), stands)
  }
  marking.views.push(draw)
  draw()
  const note = isChanged(changes) ? "changed" : "unchanged"
  return element(
    "div",
    { class: `field read ${note}` },
    element(
      "div",
      { class: "caption" },
      element("b", {}, title(name)),
      element("span", { class: "size" }, note),
      element("button", { type: "button", class: "link", onclick: () => edit(name) }, "Edit"),
    ),
    text,
    marking.any ? markList(marking, name) : null,
  )
}

function commentField(form, changed) {
  const area = element("textarea", {
    id: "comment",
    rows: "2",
    placeholder: "Goes with your decision; needed to send an example back.",
    oninput: () => {
      form.comment = area.value
      grow(area)
      changed()
    },
  })
  area.value = form.comment
  return element(
    "div",
    { class: "field" },
    element("div", { class: "caption" }, element("label", { for: "comment" }, "Comment")),
    area,
  )
}
