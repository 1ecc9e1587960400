// Rating blind pairs: the cursor, the drafts and the way to /work/rate.
//
// A judgement is out of the rater's hands at once: the pair that was fetched ahead comes, and the
// answer brings the one after it.

class Rater extends Asker {
  constructor(root, page) {
    super()
    Object.assign(this, { root, page, pair: null, ahead: [], judged: new Set(), form: emptyForm(), cursor: 0 })
    this.client = new WorkClient({
      path: "/work/rate",
      where: { project: page.project, study: page.study.id },
      name: `rate.${page.person}.${page.study.id}`,
      task: "presentation_id",
      holding: () => this.holding,
      on: {
        answer: (answer, item) => this.answered(answer, item),
        refused: (error, item) => this.refused(error, item),
        waiting: (count) => this.waits(count),
        online: () => this.pair || this.load(),
      },
    })
    this.autosave = new AutoSave({ save: () => this.keepOnServer(), last: () => this.client.lastDraft(this.draft()) })
    this.watch = new Stopwatch()
    this.frame()
    this.ended = new AbortController()
    const options = { signal: this.ended.signal }
    root.addEventListener("keydown", (event) => keyPressed(this, event), options)
    document.addEventListener("keydown", (event) => keyPressed(this, event), options)
    pruneDrafts()
    this.load()
  }

  end() {
    for (const part of [this.autosave, this.watch, this.client]) part.end()
    this.ended.abort()
    clearTimeout(this.again)
    this.root.rater = null
  }

  // Pairs ---------------------------------------------------------------------------------------

  get holding() {
    return [this.pair?.presentation_id, ...this.ahead.map(({ task }) => task.presentation_id)].filter(Boolean)
  }

  async load() {
    clearTimeout(this.again)
    await this.client.flush()
    try {
      const answer = await this.client.next(this.lastDraft())
      this.progress(answer.figures)
      this.show(answer.task, answer)
    } catch (error) {
      if (!(error instanceof WorkError)) throw error
      const words = error.passes ? { title: "The server does not answer", text: "It is tried again on its own." } : error
      if (!this.pair) this.show(null, { message: words })
    }
    if (document.activeElement === document.body) this.root.focus({ preventScroll: true })
  }

  async lookAhead() {
    if (this.ahead.length || this.looking || this.client.busy) return
    this.looking = true
    try {
      const { task } = await this.client.next()
      if (task) this.put(task)
    } catch (error) {
      if (!(error instanceof WorkError)) throw error
    } finally {
      this.looking = false
    }
  }

  // A pair can come by two ways at once: fetched ahead, and with the answer to a judgement.
  put(task) {
    const id = task.presentation_id
    if (!this.judged.has(id) && !this.holding.includes(id)) this.ahead.push({ task, time: Date.now() })
  }

  takeAhead() {
    this.ahead = this.ahead.filter(({ time }) => Date.now() - time < FRESH)
    return this.ahead.shift()?.task ?? null
  }

  // Show a pair, a question, or that there is neither; `form` is what was entered about it before.
  show(pair, { message = null, form = null, question = null } = {}) {
    clearTimeout(this.again)
    this.question = null
    this.pending = false
    this.pair = pair
    this.ahead = this.ahead.filter(({ task }) => task.presentation_id !== pair?.presentation_id)
    this.autosave.cancel()
    this.save.hidden = !pair
    this.watch.seconds = 0
    this.view = null
    if (!pair && question) return this.ask(question)
    if (!pair) {
      this.drawNothing(message)
      this.again = setTimeout(() => this.load(), LOOK_AGAIN)
      return
    }
    this.form = { ...emptyForm(), ...(form ?? this.kept()) }
    this.watch.seconds = this.form.seconds
    this.retyping = false
    this.cursor = this.firstEmpty()
    this.view = drawPair(this, pair, this.page.study)
    this.stage.replaceChildren(this.view.box)
    this.choices.replaceChildren(this.view.bar)
    if (form) this.keep()
    this.lookAhead()
  }

  // Saving --------------------------------------------------------------------------------------

  submit() {
    if (!this.pair || this.pending) return
    const missing = whatIsMissing(this.form, this.page.study.criteria)
    if (missing) {
      this.refuse(missing)
      return
    }
    const remarks = Object.fromEntries(
      SIDES.map((side) => [side, this.needsRemark(side) ? this.form.remarks[side] : {}]))
    const spans = Object.fromEntries(SIDES.map((side) => [side, raisedSpans(this.form, side)]))
    const { submission_id, presentation_id } = this.pair
    const item = { action: "judge", submission_id, presentation_id, ...structuredClone(this.form), remarks, spans,
      seconds: this.watch.seconds }
    this.sent = { pair: this.pair, submission_id }
    this.judged.add(presentation_id)
    this.autosave.cancel()
    if (this.client.submit(item)) dropDraft(this.draftKey(presentation_id))
    this.say("Saving …")
    this.undo.hidden = true
    const next = this.takeAhead()
    if (next) this.show(next)
    else {
      this.pending = true
      this.pair = this.view = null
      this.save.hidden = true
      this.stage.replaceChildren(element("p", { class: "nothing" }, "Saving …"))
      this.choices.replaceChildren()
    }
    this.root.focus({ preventScroll: true })
    this.root.scrollIntoView({ block: "start" })
  }

  answered(answer, item) {
    this.progress(answer.figures)
    if (!this.client.outbox.items.length) this.say("Saved.")
    this.sendAgain.hidden = true
    if (item.action === "guess") this.askedNext(answer)
    else if (!this.pair && !this.question) this.show(answer.task, answer)
    else if (answer.task) this.put(answer.task)
    if (this.pair) this.lookAhead()
  }

  // The pair comes back with all that was entered, unless it was rated in another tab.
  refused(error, item) {
    if (item.action === "guess") return this.notAsked(error)
    const { presentation_id } = item
    if (error.answer.settled) {
      dropDraft(this.draftKey(presentation_id))
      if (!this.pair) this.load()
      this.say(error.message, true)
      return
    }
    writeDraft(this.draftKey(presentation_id), item)
    const back = this.sent?.submission_id === item.submission_id ? this.sent.pair : null
    if (back) {
      if (this.pair) this.ahead.unshift({ task: this.pair, time: Date.now() })
      this.show(back, { form: formOf(item) })
    }
    this.sendAgain.hidden = !back
    this.say(`${error.message} What you entered is kept in this browser.`, true)
  }

  waits(count) {
    if (!count) return
    this.sendAgain.hidden = false
    this.say(`Offline: ${counted(count, "judgement")} kept in this browser, not sent yet.`, true)
  }

  saveAgain() {
    if (this.client.outbox.items.length) this.client.retryNow()
    else this.submit()
  }

  // What was saved last, or what is named, comes back with all that was entered.
  async takeBack(submission_id) {
    if (this.undo.hidden) return
    this.undo.hidden = true
    this.rated.close()
    this.say("Undoing …")
    try {
      const answer = await this.client.ask({ action: "undo", submission_id })
      if (this.pair && answer.task) this.ahead.unshift({ task: this.pair, time: Date.now() })
      if (answer.task) this.show(answer.task, { form: formOf(answer.task.draft ?? {}) })
      this.progress(answer.figures)
      this.say("Undone. Change it, then save again.")
    } catch (error) {
      if (!(error instanceof WorkError)) throw error
      this.undo.hidden = !error.passes
      this.say(error.message, true)
    }
  }

  // Drafts --------------------------------------------------------------------------------------

  draftKey(id) {
    return `${RATE}${this.page.person}.${id}`
  }

  // The pair that something was entered about last, to go on with it.
  lastDraft() {
    const start = `${RATE}${this.page.person}.`
    const kept = draftKeys(start).map((key) => ({ id: key.slice(start.length), time: readStored(key)?.time ?? 0 }))
    const newest = kept.sort((a, b) => b.time - a.time)[0]
    return newest ? { first: newest.id } : {}
  }

  keep() {
    this.form.seconds = this.watch.seconds
    if (!writeDraft(this.draftKey(this.pair.presentation_id), this.form)) {
      this.say("This browser keeps no drafts; the server does.", true)
    }
    this.autosave.typed()
  }

  // What this browser and the server kept of the pair: the newer one.
  kept() {
    const here = readStored(this.draftKey(this.pair.presentation_id))
    const there = this.pair.draft
    return formOf(here && !here.kept ? here : there ?? here ?? {})
  }

  draft() {
    const { submission_id, presentation_id } = this.pair
    return { submission_id, presentation_id, form: formOf(this.form) }
  }

  async keepOnServer() {
    const { presentation_id } = this.pair
    const text = JSON.stringify(this.form)
    const kept = await this.client.draft(this.draft())
    const same = this.pair?.presentation_id === presentation_id && JSON.stringify(this.form) === text
    if (kept && same) writeDraft(this.draftKey(presentation_id), { ...this.form, kept: true })
    return kept
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".rate")
  if (root.rater?.page.name !== data.name) {
    root.rater?.end()
    root.rater = new Rater(root, data)
  }
  // Streamlit may call the clean-up before a new call, too: only a page that is gone ends it.
  return () => setTimeout(() => root.isConnected || root.rater?.end())
}
