// Spans: the words of an answer that show a hallucination or bias, with components/spans.js.

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
