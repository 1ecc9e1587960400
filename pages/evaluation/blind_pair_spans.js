// Spans: the words of an answer that show a hallucination or bias. They count code points of the
// text, as the server does; the browser counts UTF-16 units, of which an emoji has two.

const SPAN_KINDS = ["hallucination", "bias"]
const MOST_SPANS = 50 // of one answer, as on the server
const SHOWN_CHARACTERS = 40

function mayMark(form, side, kind) {
  return kind === "bias" ? form.ratings[side].bias < 4 : form.flags[side].includes(kind)
}

// Those of what is raised now: a flag that is taken back keeps its marks, should it come again.
function raisedSpans(form, side) {
  return form.spans[side].filter(({ kind }) => mayMark(form, side, kind))
}

// One mark in the place of those of its kind that it touches.
function withSpan(spans, added) {
  const touched = spans.filter((one) =>
    one.kind === added.kind && one.start <= added.end && added.start <= one.end)
  const start = Math.min(added.start, ...touched.map((one) => one.start))
  const end = Math.max(added.end, ...touched.map((one) => one.end))
  return [...spans.filter((one) => !touched.includes(one)), { ...added, start, end }]
    .sort((a, b) => a.start - b.start || a.end - b.end)
}

// What is selected on the page, as far as it lies in this text; white space at its ends left out.
function selectedSpan(root, body) {
  const range = selectedRange(root.getRootNode())
  if (!range || range.collapsed) return null
  const whole = document.createRange()
  whole.selectNodeContents(body)
  const own = whole.cloneRange()
  if (whole.comparePoint(range.startContainer, range.startOffset) > 0) return null
  if (whole.comparePoint(range.endContainer, range.endOffset) < 0) return null
  if (body.contains(range.startContainer)) own.setStart(range.startContainer, range.startOffset)
  if (body.contains(range.endContainer)) own.setEnd(range.endContainer, range.endOffset)
  const before = document.createRange()
  before.setStart(body, 0)
  before.setEnd(own.startContainer, own.startOffset)
  const text = own.toString()
  if (!text.trim()) return null
  const blank = text.length - text.trimStart().length
  const start = [...before.toString()].length + blank
  return { start, end: start + [...text.trim()].length }
}

// Chromium tells a selection within a shadow tree by the tree, Safari by composed ranges, Firefox by
// the page. One that lies elsewhere is none.
function selectedRange(tree) {
  const page = document.getSelection()
  const found = [tree.getSelection?.(), page].map((one) => one?.rangeCount ? one.getRangeAt(0) : null)
  found.push(page?.getComposedRanges?.({ shadowRoots: [tree] })[0])
  const within = (node) => node.getRootNode() === tree
  return found.find((one) => one && within(one.startContainer) && within(one.endContainer)) ?? null
}

// Wraps the marked words wherever the text's nodes begin and end.
function markSpans(body, text, spans) {
  const points = [...text]
  const units = (count) => points.slice(0, count).join("").length
  for (const { kind, start, end } of spans) {
    const [from, to] = [units(start), units(end)]
    const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT)
    const nodes = []
    for (let at = 0; walker.nextNode(); at += walker.currentNode.length) {
      nodes.push([walker.currentNode, at])
    }
    for (const [node, at] of nodes) {
      const [low, high] = [Math.max(from - at, 0), Math.min(to - at, node.length)]
      if (low >= high) continue
      const range = document.createRange()
      range.setStart(node, low)
      range.setEnd(node, high)
      range.surroundContents(element("mark", { class: `span ${kind}`, title: capital(kind) }))
    }
  }
}

// Below an answer: the buttons that mark, and what is marked, to be taken away again.
function spanBox(rater, side, text) {
  const points = [...text]
  const buttons = SPAN_KINDS.map((kind) => button({ onclick: () => rater.mark(kind) },
    `Mark as ${kind}`, element("kbd", {}, kind === "bias" ? "Shift M" : "M")))
  const made = element("div", { class: "does" })
  const box = element("div", { class: "spans", role: "group", "aria-label": `Marks in the ${side} answer` },
    element("p", {}, "Select the words that show it, then mark them."),
    element("div", { class: "does" }, ...buttons), made)
  const update = () => {
    const raised = SPAN_KINDS.map((kind) => mayMark(rater.form, side, kind))
    box.hidden = !text || !raised.includes(true)
    buttons.forEach((one, k) => { one.hidden = !raised[k] })
    made.replaceChildren(...raisedSpans(rater.form, side).map((span) => {
      const words = points.slice(span.start, span.end)
      const shown = words.slice(0, SHOWN_CHARACTERS).join("") + (words.length > SHOWN_CHARACTERS ? "…" : "")
      return button({ class: "unmark", "aria-label": `Remove the mark ${span.kind}: ${shown}`,
        onclick: () => rater.unmark(side, span) }, `✕ ${span.kind}: ${shown}`)
    }))
  }
  return { box, update }
}
