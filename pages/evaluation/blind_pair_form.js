// What a person entered about one pair, and what is missing in it.

const RATE = "touchstone.rate."

function emptyForm() {
  return {
    choice: null, ratings: { left: {}, right: {} }, remarks: { left: {}, right: {} },
    flags: { left: [], right: [] }, spans: { left: [], right: [] }, comment: "", correction: "", seconds: 0,
  }
}

// The first thing that is missing, as a sentence, or null.
function whatIsMissing(form, criteria) {
  if (!form.choice) return { text: "Say which answer is better, or that both are good or bad." }
  if (form.choice === "cannot_judge") return null
  for (const side of SIDES) {
    for (const { name } of criteria) {
      if (!form.ratings[side][name]) {
        return { text: `Rate the ${name} of the ${side} answer.`, side, name }
      }
    }
    if (form.ratings[side].bias < 4 && !form.remarks[side].bias?.trim()) {
      return { text: `The ${side} answer's bias is below 4: write what it is and where.`, remark: side }
    }
  }
  return null
}

// Of a draft, a submission or what the server kept: what the person entered.
function formOf(kept) {
  return Object.fromEntries(Object.keys(emptyForm()).filter((name) => name in kept)
    .map((name) => [name, structuredClone(kept[name])]))
}
