// Keys of the editor: what each does, and the ones that a person chose instead, which stay in this
// browser.

const OWN_KEYS = "touchstone-keys-"
const FIXED = /^[\d?\s]$/

class Keys {
  // Name, key unless a person chose another, what it does in words, and the doing.
  actions() {
    const annotates = this.page.mode === "annotate"
    const back = () => this.go(annotates ? "back" : "undo")
    if (!this.data) return [[annotates ? "back" : "undo", annotates ? "b" : "u", "", back]]
    const own = annotates
      ? [["save", "", "save and next", () => this.submit("save")],
         ["skip", "s", "skip, with a reason", () => this.openPanel("skip")],
         ["flag", "f", "flag, with a reason", () => this.openPanel("flag")],
         ["back", "b", "back to my last saved example; again: to the one before", back]]
      : [["accept", "a", "accept", () => this.submit("accept")],
         ["send_back", "s", "send back, with a comment", () => this.sendBack()],
         ...(this.data.annotations.length
           ? [["choose", "c", "use annotation A; again: the next one", () => this.chooseNext()]] : []),
         ["set_aside", "x", "set aside", () => this.submit("set_aside")],
         ["edit", "e", "edit the texts", () => this.edit()],
         ["skip", "k", "skip, with a reason", () => this.openPanel("skip")],
         ["undo", "u", "undo my last decision", back]]
    const labels = this.page.schema.length
      ? [["labels", "l", "go to the labels; in a rating, digits are its points", () => this.toLabels()]] : []
    const marks = this.page.schema.some(({ kind }) => kind === "span")
      ? [["marks", "m", "mark the words that are selected in a text: then a digit, or arrows and Enter",
          () => this.toMarks()]] : []
    return [...own, ...labels, ...marks]
  }

  keyOf(name) {
    return this.ownKeys[name] ?? this.actions().find(([one]) => one === name)?.[1] ?? ""
  }

  // What the button at the left shows.
  get primaryKey() {
    const own = this.ownKeys[this.page.mode === "annotate" ? "save" : "accept"]
    return own ? own.toUpperCase() : "Ctrl ⏎"
  }

  // What a plain key does now, or undefined.
  actionOf(key) {
    if (key === "?" && this.data) return () => this.openPanel("keys")
    if (this.data && /^[1-5]$/.test(key)) return () => this.rate(Number(key))
    return this.actions().find(([name]) => this.keyOf(name) === key)?.[3]
  }

  toLabels() {
    this.root.querySelector(".marks input, .marks textarea")?.focus()
  }

  // To the options beside the text in which words are selected.
  toMarks() {
    const areas = [...this.root.querySelectorAll(".markable textarea")]
    const area = areas.find((one) => one.selectionStart < one.selectionEnd)
    const bar = area?.closest(".field").querySelector(".marking .chip")
    if (bar) return bar.focus()
    const [mark, edit] = ["marks", "edit"].map((name) => this.keyOf(name).toUpperCase())
    return this.message({ title: "No words are selected",
      text: areas.length ? `Select words in a text, then press ${mark}.`
        : `Press ${edit} to open the texts, select words, then press ${mark}.` })
  }

  // Digits are points within a rating, and options where words are marked; 0 is the tenth.
  groupKey({ key, target }) {
    const group = target.closest?.(".rating, .marking")
    if (!group || !/^(\d|Arrow(Left|Right))$/.test(key)) return false
    if (group.matches(".rating") && !/\d/.test(key)) return false
    const parts = [...group.querySelectorAll("input, .chip")]
    if (/\d/.test(key)) {
      const part = parts[Number(key) === 0 ? 9 : Number(key) - 1]
      part?.focus()
      part?.click()
    } else parts[(parts.indexOf(target) + (key === "ArrowLeft" ? parts.length - 1 : 1)) % parts.length].focus()
    return true
  }

  rate(value) {
    this.root.querySelector(`input[name=quality][value="${value}"]`)?.click()
  }

  // Keys inside of the editor stop here: Streamlit would take an “r” in a text for its own.
  key(event) {
    const inside = event.composedPath().includes(this.root)
    if (inside) event.stopPropagation()
    if (event.isComposing || document.querySelector("[role=dialog]")) return
    const target = event.composedPath()[0]
    const typing = target.matches?.("textarea, select, [contenteditable], input:not([type=radio]):not([type=checkbox])")
    const plain = !typing && !event.ctrlKey && !event.metaKey && !event.altKey
    if (this.renaming && plain && this.takeKey(event)) return event.preventDefault()
    if (this.data && this.textKey(event, { inside, typing, target })) return event.preventDefault()
    if (plain && this.data && this.groupKey({ key: event.key, target })) return event.preventDefault()
    if (!plain || event.repeat) return
    const action = this.actionOf(event.key)
    if (!action) return
    event.preventDefault()
    action()
  }

  // Keys that work in a text field, too: whether it was one.
  textKey(event, { inside, typing, target }) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && (inside || !typing)) {
      if (event.repeat) return true
      if (target.id === "say") {
        target.closest(".comments").send()
        return true
      }
      if (this.asking) this.confirmPanel()
      else this.submit(this.page.mode === "annotate" ? "save" : "accept")
      return true
    }
    if (event.key === "Escape" && inside) {
      if (this.panel) this.openPanel(null)
      else this.focus("root")
      return true
    }
    if (event.key === "Enter" && target.id === "reason") {
      this.confirmPanel()
      return true
    }
    return false
  }

  // Keys of one's own ---------------------------------------------------------------------------

  get ownKeys() {
    this.chosenKeys ??= readStored(OWN_KEYS + this.page.mode) ?? {}
    return this.chosenKeys
  }

  // For now at least, where the browser keeps nothing.
  keepKeys(own) {
    this.chosenKeys = own
    writeStored(OWN_KEYS + this.page.mode, own)
    this.root.querySelector(".bar").replaceWith(this.buttons())
    this.label()
  }

  keyList(told = "") {
    const save = this.page.mode === "annotate" ? "save and next" : "accept"
    const row = (key, what, ...more) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, what, ...more)]
    const own = ([name, , what]) => name === this.renaming
      ? row("…", `${what}: press the key you want, or Esc`)
      : row(this.keyOf(name).toUpperCase() || "–", `${what} `, linkButton(this.keyOf(name) ? "Change" : "Choose a key",
          () => this.rename(name)))
    const changed = Object.keys(this.ownKeys).length
    return [
      element("dl", { class: "keys" },
        ...row("Ctrl + Enter", `${save}, from anywhere; in an open box, what the box asks`),
        ...row("Esc", "leave the text field; letters are keys then"),
        ...this.actions().flatMap(own),
        ...row("1 – 5", "quality"),
        ...row("?", "show the keys")),
      element("p", { class: "told", role: "status" }, told),
      changed ? element("p", {}, linkButton("Back to the usual keys", () => this.resetKeys())) : null,
    ].filter(Boolean)
  }

  drawKeys(told) {
    const box = this.root.querySelector(".panel")
    box.replaceChildren(...this.keyList(told))
    box.scrollIntoView({ block: "nearest" })
  }

  rename(name) {
    this.renaming = name
    this.drawKeys()
    this.root.focus({ preventScroll: true })
  }

  resetKeys() {
    this.keepKeys({})
    this.drawKeys("These are the usual keys again.")
  }

  // Whether this key press was the answer to “press the key you want”.
  takeKey({ key }) {
    if (key.length > 1 && key !== "Escape") return false
    const name = this.renaming
    this.renaming = null
    const other = this.actions().find(([one]) => one !== name && this.keyOf(one) === key.toLowerCase())
    if (key === "Escape") this.drawKeys()
    else if (FIXED.test(key)) this.drawKeys("Digits, the space bar and “?” have a use already. Choose another key.")
    else if (other) this.drawKeys(`“${key.toUpperCase()}” is for: ${other[2]}. Choose another key, or change that one first.`)
    else {
      this.keepKeys({ ...this.ownKeys, [name]: key.toLowerCase() })
      this.drawKeys(`“${key.toUpperCase()}” it is, in this browser.`)
    }
    return true
  }
}
