// Draws one blind pair. One function draws both sides, so that neither can look different; every
// text goes in as a text node. `rater` (blind_pair.js) holds what the person entered.

const SIDES = ["left", "right"]
const CHOICES = [
  ["left", "Left is better", "←"],
  ["right", "Right is better", "→"],
  ["tie_good", "Both good", "G"],
  ["tie_bad", "Both bad", "B"],
  ["cannot_judge", "Cannot judge", "X"],
]
const FLAG_KEYS = { hallucination: "H", unsafe: "U", "off-topic": "O" }
const LONG_CHARACTERS = 1200
const LONG_LINES = 18
const HELP = [
  ["← / A", "left is better"], ["→ / D", "right is better"],
  ["G", "both good"], ["B", "both bad"], ["X", "cannot judge"],
  ["1 – 5", "rate what is marked ▸, left answer first"],
  ["Backspace ↑ ↓", "move to another rating and type it again"],
  ["Z", "undo the last save"],
  ["H U O", "flag the left answer; with Shift the right one"],
  ["M", "mark the selected words as hallucination, with Shift as bias"],
  ["W", "correction and comment"], ["Esc", "out of a text field"],
  ["V", "mark the words in which the answers differ"], ["L", "what you rated today"],
  ["Enter", "save and go on; Ctrl+Enter from a text field"], ["?", "this help"],
]

function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

// Of every criterion 5 is best; of bias alone that has to be said.
function rowName(criterion) {
  return criterion.name === "bias" ? "Bias (5:\u00a0none)" : capital(criterion.name)
}

// A click must not take the focus away from the keys.
function button(attributes, ...children) {
  return element("button", { type: "button", onmousedown: (e) => e.preventDefault(), ...attributes },
    ...children)
}

function isRecord(text) {
  if (!/^\s*[[{]/.test(text)) return false
  try {
    return typeof JSON.parse(text) === "object"
  } catch {
    return false
  }
}

function textBlock(text, nodes = [text]) {
  const kind = isRecord(text) ? "text record" : "text"
  const body = element("div", { class: kind, dir: "auto" },
    ...(text ? nodes : [element("i", {}, "The answer is empty.")]))
  if (text.length <= LONG_CHARACTERS && text.split("\n").length <= LONG_LINES) return body
  body.classList.add("folded")
  const folded = () => body.classList.contains("folded")
  const more = button({ class: "more", "aria-expanded": "false" })
  const draw = () => {
    more.textContent = folded() ? "Show all" : "Show less"
    more.setAttribute("aria-expanded", String(!folded()))
  }
  more.addEventListener("click", () => { body.classList.toggle("folded"); draw() })
  draw()
  return element("div", { class: "long" }, body, more)
}

function taskPart(name, text) {
  if (!text) return null
  const nodes = name === "Input" ? readingNodes(text) : [text]
  return element("div", { class: "part" }, element("h4", {}, name), textBlock(text, nodes))
}

function pointButton(rater, side, criterion, value, show) {
  const anchor = criterion.anchors[value - 1]
  const chosen = () => rater.rate(side, criterion.name, value)
  return button({
    role: "radio", class: "point", "data-value": String(value), title: anchor,
    "aria-label": `${value}: ${anchor}`, onclick: chosen,
    onmouseenter: () => show(criterion, value), onfocus: () => show(criterion, value),
  }, String(value))
}

function ratingRow(rater, side, criterion, show) {
  const points = [1, 2, 3, 4, 5].map((v) => pointButton(rater, side, criterion, v, show))
  const group = element("div", {
    class: "points", role: "radiogroup", "aria-label": `${rowName(criterion)}, ${side} answer`,
  }, ...points)
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    const at = points.indexOf(event.composedPath()[0])
    points[Math.min(4, Math.max(0, at + step))].focus()
  })
  const row = element("div", {
    class: "row", onmouseenter: () => show(criterion), onmouseleave: () => show(null),
  }, element("span", { class: "name" }, rowName(criterion)), group)
  const update = () => {
    const value = rater.form.ratings[side][criterion.name]
    row.classList.toggle("here", rater.isAt(side, criterion.name))
    points.forEach((point, i) => {
      point.setAttribute("aria-checked", String(value === i + 1))
      point.tabIndex = value === i + 1 || (!value && i === 0) ? 0 : -1
    })
  }
  return { row, update }
}

function flagButtons(rater, side, flags) {
  const made = flags.map((flag) => button({
    class: "flag", onclick: () => rater.flag(side, flag), "aria-keyshortcuts": FLAG_KEYS[flag],
  }, capital(flag)))
  const update = () => made.forEach((one, i) =>
    one.setAttribute("aria-pressed", String(rater.form.flags[side].includes(flags[i]))))
  return { made, update }
}

function textField(label, rater, read, write) {
  const area = element("textarea", {
    rows: "2", "aria-label": label, oninput: () => { write(area.value); rater.typed() },
  })
  area.value = read()
  return element("label", { class: "field" }, element("span", {}, label), area)
}

function anchorLine(rater, side, criteria) {
  const line = element("p", { class: "anchor" })
  const show = (criterion, value) => {
    const about = criterion ?? criteria.find((one) => rater.isAt(side, one.name))
    const words = about && (value
      ? `${capital(about.name)} ${value}: ${about.anchors[value - 1]}`
      : `${capital(about.name)}: ${about.question} 1: ${about.anchors[0]} … 5: ${about.anchors[4]}`)
    line.textContent = words ?? ""
  }
  return { line, show }
}

function pane(rater, side, text, criteria, flags) {
  const { line, show } = anchorLine(rater, side, criteria)
  const rows = criteria.map((criterion) => ratingRow(rater, side, criterion, show))
  const marks = flagButtons(rater, side, flags)
  const spans = spanBox(rater, side, text)
  const remarks = rater.form.remarks[side]
  const remark = textField("Bias is below 4: what, and where?", rater,
    () => remarks.bias ?? "", (value) => { remarks.bias = value })
  remark.classList.add("remark")
  const answer = textBlock(text)
  const body = answer.querySelector(".text") ?? answer
  const box = element("section", { class: "pane", "aria-label": `${capital(side)} answer` },
    element("h3", {}, `${capital(side)} answer`),
    answer,
    element("div", { class: "rating" }, ...rows.map((one) => one.row), line, remark,
      element("div", { class: "flags" }, element("span", { class: "name" }, "Flags"),
        ...marks.made), spans.box))
  const update = () => {
    rows.forEach((one) => one.update())
    marks.update()
    spans.update()
    // The other side keeps the same place free, so that the rows below stay level.
    remark.hidden = !SIDES.some((one) => rater.needsRemark(one))
    remark.classList.toggle("spare", !rater.needsRemark(side))
    box.classList.toggle("chosen", rater.form.choice === side)
    show(null)
  }
  const row = (name) => rows[criteria.findIndex((one) => one.name === name)].row
  return { box, body, update, row, remark: remark.querySelector("textarea") }
}

function helpBox(criteria) {
  const keys = HELP.map(([key, what]) =>
    element("div", {}, element("kbd", {}, key), element("span", {}, what)))
  const rubric = criteria.map((one) => element("div", { class: "criterion" },
    element("b", {}, capital(one.name)), element("span", {}, one.question),
    element("ol", {}, ...one.anchors.map((anchor) => element("li", {}, anchor)))))
  return element("div", { class: "help", hidden: true },
    element("div", { class: "keys" }, ...keys), element("div", { class: "rubric" }, ...rubric))
}

function notesBox(rater) {
  const form = rater.form
  const correction = textField("A better answer, if you like to write one", rater,
    () => form.correction, (value) => { form.correction = value })
  const comment = textField("Comment", rater, () => form.comment, (v) => { form.comment = v })
  const fields = element("div", { class: "fields", hidden: !(form.correction || form.comment) },
    correction, comment)
  const open = () => { fields.hidden = false; correction.querySelector("textarea").focus() }
  return { box: element("div", { class: "notes" },
    button({ class: "quiet", onclick: open }, "Correction and comment", element("kbd", {}, "W")),
    fields), open }
}

function taskBox(pair) {
  return element("div", { class: "task" },
    element("div", { class: "parts" }, taskPart("Instruction", pair.instruction),
      taskPart("Input", pair.input)),
    taskPart("Reference", pair.reference))
}

function drawPair(rater, pair, study) {
  const panes = SIDES.map((side) => pane(rater, side, pair[side], study.criteria, study.flags))
  const notes = notesBox(rater)
  const help = helpBox(study.criteria)
  const choices = CHOICES.map(([choice, words, key]) => button({
    class: "choice", "data-choice": choice, onclick: () => rater.choose(choice),
  }, words, element("kbd", {}, key)))
  const toggleHelp = () => {
    help.hidden = !help.hidden
    if (!help.hidden) help.scrollIntoView({ block: "nearest" })
  }
  const bodies = panes.map((one) => one.body)
  const drawSpans = () => bodies.forEach((body, k) =>
    markSpans(body, pair[SIDES[k]], raisedSpans(rater.form, SIDES[k])))
  const words = wordSwitch(rater, pair, bodies, drawSpans)
  const box = element("div", { class: "pair" },
    element("header", {},
      element("b", {}, `Pair ${many(pair.number)} of ${many(pair.total)}`),
      element("div", { class: "tools" }, words.one,
        pair.number > 1
          ? button({ class: "quiet", onclick: () => rater.finish() }, "Finish for now") : null,
        button({ class: "quiet", "aria-label": "Keys and rubric", onclick: toggleHelp },
          "Keys and rubric", element("kbd", {}, "?")))),
    help,
    taskBox(pair),
    element("div", { class: "panes" }, ...panes.map((one) => one.box)),
    notes.box)
  const bar = element("div", { class: "choices", role: "group",
    "aria-label": "Which answer is better?" }, ...choices)
  let drawn = ""
  const update = () => {
    panes.forEach((one) => one.update())
    const spans = JSON.stringify(SIDES.map((side) => raisedSpans(rater.form, side)))
    if (spans !== drawn) words.draw()
    drawn = spans
    choices.forEach((one) =>
      one.setAttribute("aria-pressed", String(one.dataset.choice === rater.form.choice)))
  }
  update()
  const of = (side) => panes[SIDES.indexOf(side)]
  const remark = (side) => of(side).remark
  const row = ({ side, name }) => of(side).row(name)
  const selected = () => SIDES.flatMap((side, k) => {
    const span = pair[side] && selectedSpan(rater.root, bodies[k])
    return span ? [{ side, ...span }] : []
  })[0] ?? null
  return { box, bar, update, remark, row, selected, openNotes: notes.open, toggleHelp, help, toggleWords: words.toggle }
}
