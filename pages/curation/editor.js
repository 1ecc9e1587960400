// One example in the hands of one person: write or review, and send it in one round trip.
// Streamlit calls this again with new data after each answer; the same form keeps what was typed.

const FIELDS = ["instruction", "input", "output"]
const SLOW = 8000
const ALIVE = 10 * 60_000

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".editor")
  const held = root.editor
  const editor = held ?? (root.editor = new Editor(root))
  editor.send = (value) => setTriggerValue("submitted", value)
  editor.receive(data)
  // Streamlit may call the clean-up before a new call, too: listening starts again each time.
  document.addEventListener("keydown", editor.onKey)
  return () => {
    document.removeEventListener("keydown", editor.onKey)
    clearTimeout(editor.slow)
  }
}

class Editor extends Surface {
  constructor(root) {
    super()
    this.root = root
    this.identity = null
    this.pending = null
    this.onKey = (event) => this.key(event)
    pruneDrafts()
  }

  receive(data) {
    const before = this.pending
    this.pending = null
    clearTimeout(this.slow)
    this.root.classList.remove("busy")
    if (before && data.saved.includes(before.submission)) dropDraft(before.key)
    dropTakenIn(data.saved)
    this.data = data
    const identity = `${data.form}|${data.conflict ? "conflict" : ""}`
    if (identity === this.identity) {
      this.busy(false)
      this.message(data.message)
      return
    }
    const place = this.identity ? this.place : null
    this.identity = identity
    this.open(place)
    // The text lives on under the revision that it now would replace.
    if (before && data.conflict && before.key !== this.draftKey) dropDraft(before.key)
  }

  // A reviewer's comment is no text that waits on the Annotate page.
  get owner() {
    return this.data.mode === "review" ? `review.${this.data.person}` : this.data.person
  }

  get draftKey() {
    return draftKey(this.owner, this.data.example_id, this.data.based_on)
  }

  open(place) {
    const { data } = this
    this.started = Date.now()
    this.spoken = Date.now()
    this.editing = new Set(data.mode === "annotate" || data.conflict ? FIELDS : [])
    this.form = fresh(data)
    this.restored = null
    this.older = null
    if (data.conflict) Object.assign(this.form, data.conflict.mine)
    else this.restore()
    if (data.conflict) this.changed()
    this.draw()
    this.message(data.message)
    if (place) this.focus(data.conflict ? "root" : place)
  }

  restore() {
    const draft = readDraft(this.draftKey)
    if (draft && differs(draft, this.form)) {
      this.restored = draft.time
      this.take(draft)
    }
    this.older = draft ? null : olderDraft(this.owner, this.data.example_id, this.data.based_on)
  }

  take(draft) {
    for (const name of Object.keys(this.form)) if (name in draft) this.form[name] = draft[name]
    for (const name of FIELDS) if (this.form[name] !== this.data.fields[name]) this.editing.add(name)
  }

  changed() {
    if (!writeDraft(this.draftKey, this.form)) {
      this.message({ title: "Not kept", text: "This browser keeps no drafts. Save often." })
    }
    this.label?.()
    if (Date.now() - this.spoken > ALIVE) {
      this.spoken = Date.now()
      this.send(this.submission("alive"))
    }
  }

  get edited() {
    return FIELDS.some((name) => this.form[name] !== this.data.fields[name])
  }

  submission(action, more = {}) {
    const { data, form } = this
    return {
      action,
      submission_id: data.submission_id,
      example_id: data.example_id,
      based_on: data.based_on,
      seconds: Math.round((Date.now() - this.started) / 100) / 10,
      ...structuredClone(form),
      ...more,
    }
  }

  submit(action, more = {}) {
    if (this.pending) return
    this.place = this.data.mode === "annotate" ? this.focused() : "root"
    this.pending = { submission: this.data.submission_id, key: this.draftKey }
    if (readDraft(this.draftKey)) writeDraft(this.draftKey, { ...this.form, sent: this.data.submission_id })
    this.busy(true)
    this.slow = setTimeout(() => this.late(), SLOW)
    this.send(this.submission(action, more))
  }

  late() {
    this.pending = null
    this.busy(false)
    this.message({
      title: "No answer from the server yet",
      text: "Your text is kept in this browser. Try again; saving twice does no harm.",
    })
  }

  discard() {
    dropDraft(this.draftKey)
    if (this.older) dropDraft(this.older.key)
    this.identity = null
    this.receive({ ...this.data, conflict: null, message: null })
  }

  busy(is) {
    for (const button of this.root.querySelectorAll(".actions button")) button.disabled = is
    this.root.classList.toggle("busy", is)
    if (!is) this.label?.()
  }

  message(message) {
    const box = this.root.querySelector(".message")
    const words = message ? [message.title, message.text].filter(Boolean) : []
    box?.replaceChildren(...(message ? [noteBox("wrong", "!", words)] : []))
  }

  focused() {
    return this.root.getRootNode().activeElement?.id || "root"
  }

  focus(id) {
    const target = (id !== "root" && this.root.querySelector(`#${id}`)) || this.root
    target.focus({ preventScroll: id === "root" })
    if (id === "root") this.root.scrollIntoView({ block: "nearest" })
  }

  edit(name) {
    for (const field of name ? [name] : FIELDS) this.editing.add(field)
    const sending = this.panel === "send_back"
    this.draw()
    if (sending) this.show("send_back")
    this.focus(name ?? "output")
  }

  key(event) {
    const inside = event.composedPath().includes(this.root)
    const target = event.composedPath()[0]
    const typing = target.matches?.("textarea, select, [contenteditable], input:not([type=radio]):not([type=checkbox])")
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && (inside || !typing)) {
      event.preventDefault()
      if (this.asking) this.confirmPanel()
      else this.submit(this.data.mode === "annotate" ? "save" : "accept")
      return
    }
    if (event.key === "Escape" && inside) {
      if (this.panel) this.show(null)
      else this.focus("root")
      return
    }
    if (event.key === "Enter" && target.id === "reason" && !event.isComposing) {
      event.preventDefault()
      this.confirmPanel()
      return
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return
    if (document.querySelector("[role=dialog]")) return
    const action = this.keys().find(([key]) => key === event.key)?.[2]
    if (action) {
      event.preventDefault()
      action()
    }
  }
}

function fresh(data) {
  const { fields, labels, quality } = structuredClone(data)
  return { ...fields, labels, quality, comment: "" }
}

function differs(draft, form) {
  return Object.keys(form).some((name) => JSON.stringify(draft[name]) !== JSON.stringify(form[name]))
}
