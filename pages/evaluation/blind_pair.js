// Rating blind pairs: the cursor, the time, the drafts and the way to the server.

const PATIENCE = 8000
const IDLE = 60_000

class Rater {
  constructor(root) {
    this.root = root
    this.pair = null
    this.form = emptyForm()
    this.cursor = 0
    this.active = Date.now()
    this.message = element("p", { class: "message", role: "status" })
    this.again = button({ class: "again", hidden: true, onclick: () => this.flush() }, "Save again")
    this.undo = button({ class: "again", hidden: true, onclick: () => this.takeBack() }, "Undo",
      element("kbd", {}, "Z"))
    this.save = button({ class: "save", onclick: () => this.submit() }, "Save and next",
      element("kbd", {}, "Enter"))
    this.coverage = element("div", { class: "coverage" })
    this.choices = element("div")
    this.foot = element("footer", {}, this.choices, this.coverage,
      element("div", { class: "act" }, this.message, this.undo, this.again, this.save))
    this.stage = element("div", { class: "stage" })
    root.replaceChildren(this.stage, this.foot)
    root.tabIndex = -1
    this.listen()
  }

  // What the server says ----------------------------------------------------------------------

  receive(data, send) {
    const first = !this.data
    this.data = data
    this.send = send
    this.outbox ??= new Outbox(data.person, data.study.id)
    const saved = data.saved.map((id) => this.acknowledged(id)).filter(Boolean)
    if (saved.length) this.say("Saved.")
    this.last = saved.at(-1) ?? this.last
    data.refused.forEach((one) => this.refused(one))
    this.drawCoverage()
    this.takenBack(data.taken_back)
    this.undo.hidden = !this.last || this.outbox.items.length > 0
    if (!this.pair || !this.inQueue(this.pair.id)) this.show(this.next())
    if (first && this.outbox.items.length) this.flush()
    if (first && document.activeElement === document.body) this.root.focus({ preventScroll: true })
  }

  acknowledged(id) {
    const item = this.outbox.take(id)
    if (item) dropDraft(this.draftKey(item.presentation_id))
    if (!this.outbox.items.length) this.calm()
    return item
  }

  refused({ id, message }) {
    const item = this.outbox.items.find((one) => one.judgement_id === id)
    if (!item) return
    this.calm()
    if (this.inQueue(item.presentation_id)) {
      this.outbox.take(id)
      writeDraft(this.draftKey(item.presentation_id), item)
      this.show(this.data.queue.find((pair) => pair.id === item.presentation_id))
    } else this.again.hidden = false
    this.say(`${message} What you entered is kept in this browser.`, true)
  }

  // The form of the judgement taken back becomes the draft of its pair.
  takenBack(back) {
    if (!back || back.id !== this.last?.judgement_id) return
    if (back.message) this.say(back.message, true)
    else {
      writeDraft(this.draftKey(back.presentation_id), this.last)
      this.show(this.data.queue.find((pair) => pair.id === back.presentation_id) ?? this.next())
      this.say("Undone. Change it, then save again.")
    }
    this.last = null
  }

  inQueue(pairId) {
    return this.data.queue.some((pair) => pair.id === pairId)
  }

  next() {
    return this.data.queue.find((pair) => !this.outbox.has(pair.id)) ?? null
  }

  // What is shown -----------------------------------------------------------------------------

  show(pair) {
    this.pair = pair
    this.save.hidden = !pair
    if (!pair) {
      this.view = null
      const words = this.outbox.items.length ? "Saving …" : this.data.nothing
      this.stage.replaceChildren(element("p", { class: "nothing" }, words))
      this.choices.replaceChildren()
      return
    }
    this.form = { ...emptyForm(), ...readDraft(this.draftKey(pair.id)) }
    this.cursor = this.firstEmpty()
    this.view = drawPair(this, pair, this.data.study)
    this.stage.replaceChildren(this.view.box)
    this.choices.replaceChildren(this.view.bar)
  }

  drawCoverage() {
    const { judged, least, pairs, outputs } = this.data.progress
    const met = judged >= least
    const rule = met
      ? `10 % rule met: ${many(least)} of ${many(outputs)} answers needed`
      : `10 % rule met at ${many(least)}`
    const bar = element("progress", { max: pairs, value: judged, "aria-label": "Pairs rated" })
    this.coverage.replaceChildren(bar,
      element("span", {}, element("b", {}, `${many(judged)} of ${many(pairs)} pairs rated`), ` · ${rule}`))
  }

  say(text, wrong = false) {
    this.message.textContent = text
    this.message.classList.toggle("wrong", wrong)
  }

  // What the person does ----------------------------------------------------------------------

  get order() {
    return SIDES.flatMap((side) => this.data.study.criteria.map(({ name }) => ({ side, name })))
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

  rate(side, name, value) {
    this.form.ratings[side][name] = value
    const at = this.order.findIndex((one) => one.side === side && one.name === name)
    this.cursor = this.firstEmpty(at + 1)
    this.changed()
  }

  flag(side, flag) {
    const raised = this.form.flags[side]
    this.form.flags[side] = raised.includes(flag)
      ? raised.filter((one) => one !== flag)
      : [...raised, flag]
    this.changed()
  }

  back() {
    this.cursor = Math.max(0, this.cursor - 1)
    this.view.update()
    this.reveal()
  }

  // Scroll what a key or a refusal names into view, above the footer; the cursor's row by default.
  reveal(target = this.view.row(this.order[Math.min(this.cursor, this.order.length - 1)])) {
    this.root.style.setProperty("--foot", `${this.foot.offsetHeight}px`)
    target.scrollIntoView({ block: "nearest" })
  }

  changed() {
    this.view.update()
    this.typed()
  }

  typed() {
    this.say("")
    this.keep()
  }

  keep() {
    if (!writeDraft(this.draftKey(this.pair.id), this.form)) {
      this.say("This browser keeps no draft: save before you close the page.", true)
    }
  }

  draftKey(pairId) {
    return `${RATE}${this.data.person}.${pairId}`
  }

  submit() {
    if (!this.pair) return
    const missing = whatIsMissing(this.form, this.data.study.criteria)
    if (missing) {
      this.say(missing.text, true)
      if (missing.name) this.cursor = this.firstEmpty()
      this.view.update()
      if (missing.remark) {
        this.view.remark(missing.remark).focus({ preventScroll: true })
        this.reveal(this.view.remark(missing.remark))
      } else if (missing.name) this.reveal()
      return
    }
    const remarks = Object.fromEntries(
      SIDES.map((side) => [side, this.needsRemark(side) ? this.form.remarks[side] : {}]))
    this.outbox.add({
      ...this.form, remarks, judgement_id: this.pair.judgement_id, presentation_id: this.pair.id,
    })
    this.say("Saving …")
    this.undo.hidden = true
    this.show(this.next())
    this.root.focus({ preventScroll: true })
    this.root.scrollIntoView({ block: "start" })
    this.flush()
  }

  takeBack() {
    if (this.undo.hidden) return
    this.undo.hidden = true
    this.say("Taking it back …")
    this.send("take_back", this.last.judgement_id)
  }

  flush() {
    this.calm()
    this.waiting = setTimeout(() => {
      this.again.hidden = false
      this.say("Not saved yet; it is kept in this browser.", true)
    }, PATIENCE)
    this.send("judgements", this.outbox.items)
  }

  calm() {
    clearTimeout(this.waiting)
    this.again.hidden = true
  }

  // Time, and the end -----------------------------------------------------------------------------

  listen() {
    this.ended = new AbortController()
    const options = { signal: this.ended.signal }
    document.addEventListener("keydown", (event) => keyPressed(this, event), options)
    for (const kind of ["keydown", "pointermove", "pointerdown", "wheel"]) {
      document.addEventListener(kind, () => { this.active = Date.now() }, { ...options, passive: true })
    }
    this.clock = setInterval(() => {
      const here = document.visibilityState === "visible" && Date.now() - this.active < IDLE
      if (here && this.pair) this.form.seconds += 1
    }, 1000)
  }

  end() {
    this.ended.abort()
    clearInterval(this.clock)
    clearTimeout(this.waiting)
    if (this.pair) this.keep()
  }
}

const raters = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".rate")
  if (!raters.has(root)) raters.set(root, new Rater(root))
  const rater = raters.get(root)
  rater.receive(data, setTriggerValue)
  return () => { rater.end(); raters.delete(root) }
}
