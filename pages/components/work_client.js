// Client of the /work routes: one request saves a submission and brings the next task.
//
//   const client = new WorkClient({ path: "/work/annotate", where: { project }, name, holding, on })
//   await client.next()                 GET: the next task, or with {example: …} a named one
//   client.submit({ action, … })        saved sooner or later: on.answer or on.refused follows
//   await client.ask({ action, … })     once, now: going back, opening another one
//   client.draft({ … })                 what is typed, kept on the server; the latest wins
//   client.lastDraft({ … })             the same while the page goes away
//
// `holding()` names the tasks that this page has already, so that the server gives another one;
// `task` is the field that names a task.

const RETRIES = [1000, 2000, 4000, 8000, 15_000, 30_000]
const PATIENCE = 20_000

class WorkError extends Error {
  constructor(status, answer) {
    super(answer?.message || "The server does not answer.")
    this.status = status
    this.title = answer?.title || "Not saved"
    this.answer = answer ?? {}
  }

  // A dead server, a lost network, an ended session: worth trying again, unlike a refusal.
  get passes() {
    return this.status === 0 || this.status === 401 || this.status === 429 || this.status >= 500
  }
}

class WorkClient {
  constructor({ path, where, name, task = "example_id", holding, on }) {
    Object.assign(this, { path, where, task, holding, on })
    this.outbox = new Outbox(name)
    this.failures = 0
    this.drafting = Promise.resolve()
    this.ended = new AbortController()
    const options = { signal: this.ended.signal }
    addEventListener("online", () => this.retryNow(), options)
  }

  end() {
    this.ended.abort()
    clearTimeout(this.retry)
  }

  // One request -------------------------------------------------------------------------------

  async request(method, body, query = "") {
    let response
    try {
      response = await fetch(this.path + query, {
        method,
        body: body && JSON.stringify(body),
        headers: body ? { "content-type": "application/json" } : {},
        cache: "no-store",
        credentials: "same-origin",
        signal: AbortSignal.timeout(PATIENCE),
      })
    } catch {
      throw new WorkError(0)
    }
    const answer = await response.json().catch(() => null)
    if (response.ok && answer) return answer
    if (response.status === 401) signInAgain()
    throw new WorkError(response.ok ? 0 : response.status, answer)
  }

  async next(query = {}) {
    const holding = this.others({}).join(",")
    const asked = new URLSearchParams({ ...this.where, ...(holding && { holding }), ...query })
    return this.request("GET", null, `?${asked}`)
  }

  async ask(body) {
    await this.drafting
    return this.request("POST", this.complete(body))
  }

  complete(body) {
    return { ...this.where, ...body, holding: this.holding() }
  }

  // Submissions -------------------------------------------------------------------------------

  // Whether it is kept in this browser meanwhile.
  submit(item) {
    const kept = this.outbox.add(item)
    this.flush()
    return kept
  }

  // Sends what waits, in order, until nothing does or the server cannot be reached.
  async flush() {
    if (this.sending) return this.sending
    this.sending = this.sendAll().finally(() => {
      this.sending = null
    })
    return this.sending
  }

  async sendAll() {
    clearTimeout(this.retry)
    for (let item = this.outbox.items[0]; item; item = this.outbox.items[0]) {
      await this.drafting
      let answer
      try {
        answer = await this.request("POST", { ...this.complete(item), holding: this.others(item) })
        if (!answer.saved.includes(item.submission_id)) throw new WorkError(0, answer.message)
      } catch (error) {
        if (!(error instanceof WorkError)) throw error
        if (error.passes) return this.later()
        this.outbox.take([item.submission_id])
        this.on.refused(error, item)
        continue
      }
      this.failures = 0
      this.outbox.take(answer.saved)
      this.on.answer(answer, item)
    }
    return this.on.waiting(0)
  }

  // Whether something is on its way whose answer brings a task.
  get busy() {
    return this.outbox.items.length > 0
  }

  // What the answer's task must not be: what the page has, and what is on its way.
  others(item) {
    const sent = this.outbox.items.map((one) => one[this.task])
    return [...new Set([...this.holding(), ...sent])].filter((id) => id !== item[this.task])
  }

  later() {
    const pause = RETRIES[Math.min(this.failures, RETRIES.length - 1)]
    this.failures += 1
    this.retry = setTimeout(() => this.flush(), pause)
    this.on.waiting(this.outbox.items.length)
  }

  retryNow() {
    this.failures = 0
    if (this.outbox.items.length) this.flush()
    this.on.online?.()
  }

  // Drafts ------------------------------------------------------------------------------------

  // Resolves to whether the server has it. A submission waits for a draft that is on its way, so
  // that a draft never comes after what was made of it.
  draft(body) {
    const sent = this.drafting.then(() =>
      this.request("POST", this.complete({ ...body, action: "draft" })).then(() => true, () => false))
    this.drafting = sent
    return sent
  }

  lastDraft(body) {
    const text = JSON.stringify(this.complete({ ...body, action: "draft" }))
    const parcel = new Blob([text], { type: "application/json" })
    if (!navigator.sendBeacon?.(this.path, parcel)) this.draft(body)
  }
}

function signInAgain() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`)
}

// Seconds in which the page was visible and somebody was at work on it.
class Stopwatch {
  constructor(seconds = 0) {
    this.seconds = seconds
    this.active = Date.now()
    this.clock = setInterval(() => this.tick(), 1000)
    this.ended = new AbortController()
    for (const kind of ["keydown", "pointermove", "pointerdown", "wheel"]) {
      document.addEventListener(kind, () => { this.active = Date.now() },
        { signal: this.ended.signal, passive: true, capture: true })
    }
  }

  tick() {
    if (document.visibilityState === "visible" && Date.now() - this.active < 60_000) this.seconds += 1
  }

  end() {
    clearInterval(this.clock)
    this.ended.abort()
  }
}

// Calls `save` at most once in `pause` milliseconds after something was typed, and `last` when the
// page is hidden, closed or left with something that no `save` has reported as kept.
class AutoSave {
  constructor({ pause = 1500, save, last }) {
    Object.assign(this, { pause, save, last })
    this.ended = new AbortController()
    const options = { signal: this.ended.signal }
    addEventListener("pagehide", () => this.now(), options)
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.now()
    }, options)
  }

  typed() {
    this.unsaved = {}
    this.timer ??= setTimeout(() => this.due(), this.pause)
  }

  async due() {
    this.timer = null
    const { unsaved } = this
    if ((await this.save()) && this.unsaved === unsaved) this.unsaved = null
  }

  cancel() {
    clearTimeout(this.timer)
    this.timer = this.unsaved = null
  }

  now() {
    if (!this.unsaved) return
    this.cancel()
    this.last()
  }

  end() {
    this.now()
    this.ended.abort()
  }
}
