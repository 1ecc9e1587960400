// What a person entered about one pair, what is missing in it, and the judgements on their way.
//
// A submission goes into the outbox (localStorage) before it travels, and leaves it when the
// server has acknowledged its id; until then a reload sends it again, and the id makes that one.

const RATE = "touchstone.rate."

function emptyForm() {
  return {
    choice: null, ratings: { left: {}, right: {} }, remarks: { left: {}, right: {} },
    flags: { left: [], right: [] }, comment: "", correction: "", seconds: 0,
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

class Outbox {
  constructor(person, study) {
    this.key = `${RATE}${person}.${study}.outbox`
    this.items = readDraft(this.key)?.items ?? []
  }
  has(pairId) {
    return this.items.some((item) => item.presentation_id === pairId)
  }
  add(item) {
    this.items = [...this.items.filter((one) => one.presentation_id !== item.presentation_id), item]
    return this.write()
  }
  take(id) {
    const found = this.items.find((item) => item.judgement_id === id)
    this.items = this.items.filter((item) => item.judgement_id !== id)
    this.write()
    return found
  }
  write() {
    if (this.items.length) return writeDraft(this.key, { items: this.items })
    dropDraft(this.key)
    return true
  }
}
