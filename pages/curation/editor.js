// The editor of Annotate and Review: one example in the hands of one person.
//
// Streamlit draws it once per page; from then on it talks to /work/annotate or /work/review. What
// was submitted is out of the person's hands at once: the example that was fetched ahead comes, and
// the answer brings the one after it. A refusal opens the example again with all that was written.

const FIELDS = ["instruction", "input", "output"]
const FRESH = 10 * 60_000 // within the lease of an example that was fetched ahead
const LOOK_AGAIN = 30_000
const TWICE = 600
const AT_ONCE = ["save", "accept", "set_aside"]

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".editor")
  if (root.editor?.page.name !== data.name) {
    root.editor?.end()
    root.editor = new Editor(root, data)
  } else root.editor.redrawn(data)
  // Streamlit may call the clean-up before a new call, too: only a page that is gone ends it.
  return () => setTimeout(() => root.isConnected || root.editor?.end())
}

class Editor extends Drafting {
  constructor(root, page) {
    super()
    Object.assign(this, { root, page, ahead: [], figures: null, sent: new Map() })
    this.owner = page.mode === "review" ? `review.${page.person}` : page.person
    this.client = new WorkClient({
      path: `/work/${page.mode}`,
      where: { project: page.project },
      name: `${page.mode}.${page.person}.${page.project}`,
      holding: () => this.holding,
      on: {
        answer: (answer, item) => this.answered(answer, item),
        refused: (error, item) => this.refused(error, item),
        waiting: (count) => this.waits(count),
        online: () => this.data || this.load(),
      },
    })
    this.autosave = new AutoSave({ save: () => this.keepOnServer(), last: () => this.client.lastDraft(this.draft()) })
    this.watch = new Stopwatch()
    this.ended = new AbortController()
    root.addEventListener("keydown", (event) => this.key(event), { signal: this.ended.signal })
    document.addEventListener("keydown", (event) => this.key(event), { signal: this.ended.signal })
    root.tabIndex = -1
    pruneDrafts()
    const wished = new URL(location.href).searchParams.get("example") || page.example
    if (wished) this.load({ example: wished })
    else this.load(page.first === "sent_back" ? { action: "sent_back" } : {})
  }

  end() {
    for (const part of [this.autosave, this.watch, this.client]) part.end()
    this.ended.abort()
    clearTimeout(this.again)
    this.root.editor = null
  }

  // A rerun of the page: a lead may have accepted or taken back many examples at once.
  redrawn(page) {
    const before = this.page
    this.page = page
    if (before.stamp === page.stamp) return
    this.ahead = []
    const open = this.data && readStored(this.draftKey) ? { example: this.data.example_id } : {}
    this.data = null
    this.load(open)
  }

  // Tasks ---------------------------------------------------------------------------------------

  get holding() {
    return [this.data?.example_id, ...this.ahead.map(({ task }) => task.example_id)].filter(Boolean)
  }

  async load(query = {}) {
    clearTimeout(this.again)
    await this.client.flush()
    try {
      const answer = await this.client.next(query)
      this.figures = answer.figures
      this.show(answer.task, answer.message)
    } catch (error) {
      await this.notLoaded(error, query)
    }
  }

  async notLoaded(error, query) {
    if (!(error instanceof WorkError)) throw error
    if (!error.passes && query.example) {
      await this.load()
      this.message(error)
    } else if (!this.data) {
      this.drawEmpty({ title: error.passes ? "The server does not answer" : error.title, message: error.passes
        ? "What you have typed is kept in this browser. It is tried again on its own." : error.message })
      this.again = setTimeout(() => this.load(query), 3000)
    }
  }

  lookAgain() {
    const look = () => document.visibilityState === "visible" ? this.load() : this.lookAgain()
    this.again = setTimeout(look, LOOK_AGAIN)
  }

  async lookAhead() {
    if (this.ahead.length || this.looking || this.client.busy) return
    this.looking = true
    const { submitted } = this
    let task = null
    try {
      task = (await this.client.next({ ahead: "1" })).task
    } catch (error) {
      if (!(error instanceof WorkError)) throw error
    } finally {
      this.looking = false
    }
    // What was submitted meanwhile brings an example of its own, perhaps this very one.
    if (submitted === this.submitted) this.put(task)
    else this.lookAhead()
  }

  // An example can come by two ways at once: fetched ahead, and with the answer to a submission.
  put(task) {
    if (task && !this.holding.includes(task.example_id)) this.ahead.push({ task, time: Date.now() })
  }

  takeAhead() {
    this.ahead = this.ahead.filter(({ time }) => Date.now() - time < FRESH)
    return this.ahead.shift()?.task ?? null
  }

  // Show a task, or that there is none; `more` is what a refusal brings: texts and a conflict.
  show(task, message = null, more = {}) {
    const place = this.place
    this.place = null
    this.busy(false)
    this.data = task
    this.ahead = this.ahead.filter((one) => one.task.example_id !== task?.example_id)
    this.status("")
    this.autosave.cancel()
    addressOf(task?.example_id)
    clearTimeout(this.again)
    if (!task) {
      this.drawEmpty(message)
      this.lookAgain()
      return
    }
    this.open(more)
    this.message(message)
    if (place) this.focus(more.conflict ? "root" : place)
    this.lookAhead()
  }

  open({ form, conflict = null }) {
    this.conflict = conflict
    this.saying = null
    this.watch.seconds = 0
    this.editing = new Set(this.page.mode === "annotate" || conflict ? FIELDS : [])
    this.form = fresh(this.data, this.page.schema)
    this.restored = this.older = null
    if (form) this.take(form)
    else this.restore()
    if (form) this.changed()
    this.draw()
  }

  // Submissions ---------------------------------------------------------------------------------

  submission(action, more = {}) {
    const { instruction, input, output, ...marks } = structuredClone(this.form)
    const { submission_id, example_id, based_on } = this.data
    return { action, submission_id, example_id, based_on, fields: { instruction, input, output }, ...marks,
      seconds: this.watch.seconds, ...more }
  }

  submit(action, more = {}) {
    if (!this.data || this.pending) return
    const missing = ["save", "accept"].includes(action) && !this.form.output.trim()
    if (missing) return this.missingOutput()
    // A key struck twice decides on one example, not on the next one unread.
    const twice = Date.now() - (this.submitted ?? 0) < TWICE && !readStored(this.draftKey)
    if (twice && AT_ONCE.includes(action)) return undefined
    this.submitted = Date.now()
    this.place = this.page.mode === "annotate" ? this.focused() : "root"
    const item = this.submission(action, more)
    this.autosave.cancel()
    this.sent.set(item.submission_id, this.data)
    const key = this.draftKey
    const kept = this.client.submit(item)
    if (kept) dropDraft(key)
    const next = this.takeAhead()
    if (next) this.show(next)
    else this.busy(true)
    return undefined
  }

  missingOutput() {
    this.message({ title: "The output is empty",
      message: "Write the answer a good model should give, or skip the example with a reason." })
    this.edit("output")
  }

  answered(answer, item) {
    this.figures = answer.figures ?? this.figures
    this.sent.delete(item.submission_id)
    this.drawFigures()
    if (!this.data || this.pending) this.show(answer.task, answer.message)
    else if (answer.task) this.put(answer.task)
    if (this.data) this.lookAhead()
  }

  // The example comes back with all that was written; from another one that has text, on demand.
  refused(error, item) {
    const open = () => this.reopen(error, item)
    if (!this.data || this.pending || !readStored(this.draftKey)) return open()
    writeDraft(draftKey(this.owner, item.example_id, item.based_on), { ...item.fields, ...marksOf(item) })
    this.message(error, { text: "Open it", act: open })
    return undefined
  }

  async reopen(error, item) {
    if (this.data && !this.pending) this.ahead.unshift({ task: this.data, time: Date.now() })
    const form = { ...item.fields, ...marksOf(item) }
    const { theirs, changes, labels, open } = error.answer
    if (theirs) {
      this.show(theirs, null, { form, conflict: { title: error.title, text: error.message, changes, labels, open } })
      return
    }
    try {
      const { task } = await this.client.next({ example: item.example_id })
      this.show(task, error, { form })
    } catch (again) {
      if (!(again instanceof WorkError)) throw again
      writeDraft(draftKey(this.owner, item.example_id, item.based_on), form)
      await this.load()
      this.message(error)
    }
  }

  // Another example than the next one: the one before, the one whose decision was undone.
  async go(action, more = {}) {
    if (this.pending) return
    if (this.data && readStored(this.draftKey)) this.keepOnServer()
    this.busy(true)
    try {
      await this.client.flush()
      const named = this.data ? this.submission(action, more) : { action, submission_id: crypto.randomUUID(), ...more }
      const answer = await this.client.ask({ ...named, next: false })
      const left = this.data
      this.figures = answer.figures ?? this.figures
      if (!answer.task) return this.stay(answer.message)
      this.ahead = this.ahead.filter(({ task }) => task.example_id !== answer.task.example_id)
      if (left && left.example_id !== answer.task.example_id) this.ahead.unshift({ task: left, time: Date.now() })
      this.place = "root"
      this.show(answer.task, answer.message)
    } catch (error) {
      if (!(error instanceof WorkError)) throw error
      this.stay(error)
    }
  }

  stay(message) {
    this.busy(false)
    this.message(message)
  }

  // They are right: their text is the example's, and mine goes.
  async takeTheirs() {
    dropDraft(this.draftKey)
    this.autosave.cancel()
    await this.client.ask(this.submission("discard")).catch(() => null)
    this.place = "root"
    const next = this.takeAhead()
    if (next) this.show(next)
    else await this.load()
  }
}

// The address names the example that is open, so that a reload or a link opens it again.
function addressOf(example) {
  const address = new URL(location.href)
  address.searchParams.delete("first")
  if (example) address.searchParams.set("example", example)
  else address.searchParams.delete("example")
  history.replaceState(history.state, "", address)
}
