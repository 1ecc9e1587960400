// What a rater enters about the pair that is shown: choice, ratings, flags; and the cursor.

class Entry extends RaterFrame {
  get order() {
    return SIDES.flatMap((side) => this.page.study.criteria.map(({ name }) => ({ side, name })))
  }

  firstEmpty(from = 0) {
    const order = this.order
    const empty = ({ side, name }) => !this.form.ratings[side][name]
    const at = order.findIndex((one, index) => index >= from && empty(one))
    return at >= 0 ? at : from ? this.firstEmpty() : order.length
  }

  isAt(side, name) {
    const here = this.order[this.cursor]
    return Boolean(here) && here.side === side && here.name === name
  }

  needsRemark(side) {
    return this.form.ratings[side].bias < 4
  }

  choose(choice) {
    this.form.choice = choice
    this.changed()
  }

  // By key after going back each digit goes on to the next row, rated or not; else the next row
  // that is empty comes.
  rate(side, name, value, byKey = false) {
    this.form.ratings[side][name] = value
    const at = this.order.findIndex((one) => one.side === side && one.name === name)
    this.retyping = this.retyping && byKey && at + 1 < this.order.length
    this.cursor = this.retyping ? at + 1 : this.firstEmpty(at + 1)
    this.changed()
  }

  flag(side, flag) {
    const raised = this.form.flags[side]
    this.form.flags[side] = raised.includes(flag)
      ? raised.filter((one) => one !== flag)
      : [...raised, flag]
    this.changed()
  }

  // The words that are selected, as this kind; without one as what was raised of that answer.
  mark(kind) {
    const found = this.view.selected()
    const raised = SPAN_KINDS.filter((one) => found && mayMark(this.form, found.side, one))
    const chosen = kind || raised[0]
    if (!found) return this.say("Select words of an answer, then mark them.", true)
    if (!raised.includes(chosen)) {
      return this.say("Flag the answer as hallucination, or rate its bias below 4, to mark words in it.", true)
    }
    const { side, start, end } = found
    const spans = withSpan(this.form.spans[side], { kind: chosen, start, end })
    if (spans.length > MOST_SPANS) return this.say(`At most ${MOST_SPANS} marks in an answer.`, true)
    this.form.spans[side] = spans
    this.changed()
  }

  unmark(side, span) {
    this.form.spans[side] = this.form.spans[side].filter((one) => one !== span)
    this.changed()
  }

  move(step) {
    this.cursor = Math.min(this.order.length - 1, Math.max(0, this.cursor + step))
    this.retyping = true
    this.view.update()
    this.reveal()
  }

  changed() {
    this.view.update()
    this.typed()
  }

  typed() {
    this.say("")
    this.keep()
  }
}
