// Spans: marked words of a text. They count code points of the text, as the server does; the browser
// counts UTF-16 units, of which an emoji has two.

function pointsBefore(text, unit) {
  return [...text.slice(0, unit)].length
}

function textBetween(text, start, end) {
  return [...text].slice(start, end).join("")
}

function lookOf({ kind }) {
  return { class: `span ${kind}`, title: capital(kind) }
}

// One mark in the place of those alike that it touches.
function withSpan(spans, added, alike = (one) => one.kind === added.kind) {
  const touched = spans.filter((one) =>
    alike(one) && one.start <= added.end && added.start <= one.end)
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

// The text nodes of an element, without those that are no part of the text, such as removed words.
function textNodes(body, counts = () => true) {
  const accept = (node) => (counts(node) ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_REJECT)
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT, accept)
  const nodes = []
  for (let at = 0; walker.nextNode(); at += walker.currentNode.length) nodes.push([walker.currentNode, at])
  return nodes
}

// Wraps the marked words wherever the text's nodes begin and end; `look` gives a mark's attributes.
function markSpans(body, text, spans, look = lookOf, counts = undefined) {
  const points = [...text]
  const units = (count) => points.slice(0, count).join("").length
  for (const span of spans) {
    const { start, end } = span
    const [from, to] = [units(start), units(end)]
    for (const [node, at] of textNodes(body, counts)) {
      const [low, high] = [Math.max(from - at, 0), Math.min(to - at, node.length)]
      if (low >= high) continue
      const range = document.createRange()
      range.setStart(node, low)
      range.setEnd(node, high)
      range.surroundContents(element("mark", look(span)))
    }
  }
}
