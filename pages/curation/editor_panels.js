// Panels of the editor that open above its buttons: a reason to skip or flag, a comment to send
// back, the list of keys; and what each key does.

const REASONS = {
  skip: ["not my field", "too long for now", "I am not sure"],
  flag: ["wrong or harmful", "personal data", "cannot be answered", "duplicate"],
}

class Panels {
  openPanel(panel) {
    this.panel = this.panel === panel ? null : panel
    const box = this.root.querySelector(".panel")
    box.hidden = !this.panel
    this.root.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid")
    this.label()
    if (!this.panel) return this.focus("root")
    const made = { keys: () => this.keyList(), send_back: () => this.sendBackForm() }[this.panel]
    box.replaceChildren(...(made ? made() : this.reasonForm(this.panel)))
    if (this.asking) this.asked.focus()
    box.scrollIntoView({ block: "nearest" })
    return undefined
  }

  // Whether a box is open that asks for words: Ctrl+Enter belongs to it then.
  get asking() {
    return Boolean(this.panel) && this.panel !== "keys"
  }

  // A comment that is written already is sent at once.
  sendBack() {
    const open = this.panel === "send_back"
    if (!open) this.openPanel("send_back")
    if (open || this.form.comment.trim()) this.confirmPanel()
  }

  sendBackForm() {
    this.asked = this.root.querySelector("#comment")
    return [
      element("p", {}, "Send back: it goes to the annotator again, with your comment above. What should change?"),
      ...this.panelEnd("Send back", "Ctrl ⏎"),
    ]
  }

  panelEnd(words, key) {
    return [
      element("p", { class: "missing", role: "alert" }),
      element("div", { class: "actions row" },
        element("button", { type: "button", class: "primary", onclick: () => this.confirmPanel() }, words, hint(key)),
        element("button", { type: "button", onclick: () => this.openPanel(null) }, "Cancel", hint("Esc"))),
    ]
  }

  reasonForm(action) {
    const input = element("input", { type: "text", id: "reason", maxlength: "500", "aria-label": `Why do you ${action} it?`,
      placeholder: "Say why in a few words" })
    this.asked = input
    const chip = (text) => element("button", { type: "button", class: "chip", onclick: () => {
      input.value = text
      input.dispatchEvent(new Event("input"))
      input.focus()
    } }, text)
    return [
      element("p", {}, action === "skip"
        ? "Skip: it goes to somebody else, and not to you again. Why?"
        : "Flag: a reviewer looks at it, and it is not frozen before that. Why?"),
      element("div", { class: "row" }, ...REASONS[action].map(chip)),
      input,
      ...this.panelEnd(action === "skip" ? "Skip this example" : "Flag this example", "⏎"),
    ]
  }

  confirmPanel() {
    const { asked } = this
    const words = asked.value.trim()
    if (words) return this.submit(this.panel, this.panel === "send_back" ? {} : { reason: words })
    const missing = this.root.querySelector(".missing")
    missing.textContent = this.panel === "send_back"
      ? "A comment is needed: say what should change."
      : "A reason is needed: write it, or choose one above."
    asked.setAttribute("aria-invalid", "true")
    asked.addEventListener("input", () => {
      asked.removeAttribute("aria-invalid")
      missing.textContent = ""
    }, { once: true })
    asked.focus()
    missing.parentNode.scrollIntoView({ block: "nearest" })
    return undefined
  }

  // Keys ----------------------------------------------------------------------------------------

  keys() {
    const back = () => this.go(this.page.mode === "annotate" ? "back" : "undo")
    if (!this.data) return [[this.page.mode === "annotate" ? "b" : "u", "", back]]
    const quality = QUALITY.map((word, i) => [String(i + 1), `quality ${word}`, () => this.rate(i + 1)])
    const own = this.page.mode === "annotate"
      ? [["s", "skip, with a reason", () => this.openPanel("skip")],
         ["f", "flag, with a reason", () => this.openPanel("flag")],
         ["b", "back to my last saved example; again: to the one before", back]]
      : [["a", "accept", () => this.submit("accept")],
         ["s", "send back, with a comment", () => this.sendBack()],
         ...(this.data.annotations.length ? [["c", "use annotation A; again: the next one", () => this.chooseNext()]] : []),
         ["x", "set aside", () => this.submit("set_aside")],
         ["e", "edit the texts", () => this.edit()],
         ["k", "skip, with a reason", () => this.openPanel("skip")],
         ["u", "undo my last decision", back]]
    const labels = this.page.schema.length ? [["l", "go to the labels; in a rating, digits are its points", () => this.toLabels()]] : []
    const marks = this.page.schema.some(({ kind }) => kind === "span")
      ? [["m", "mark the words that are selected in a text: then a digit, or arrows and Enter", () => this.toMarks()]] : []
    return [...own, ...labels, ...marks, ...quality, ["?", "show the keys", () => this.openPanel("keys")]]
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
    return this.message({ title: "No words are selected",
      text: areas.length ? "Select words in a text, then press M." : "Press E to open the texts, select words, then press M." })
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

  keyList() {
    const save = this.page.mode === "annotate" ? "save and next" : "accept"
    const lines = [["Ctrl + Enter", `${save}, from anywhere; in an open box, what the box asks`],
      ["Esc", "leave the text field; letters are keys then"],
      ...this.keys().filter(([key]) => !/[2-5]/.test(key)).map(([key, what]) => key === "1" ? ["1 – 5", "quality"] : [key, what])]
    return [element("dl", { class: "keys" },
      ...lines.flatMap(([key, what]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, what)]))]
  }

  // Keys inside of the editor stop here: Streamlit would take an “r” in a text for its own.
  key(event) {
    const inside = event.composedPath().includes(this.root)
    if (inside) event.stopPropagation()
    if (event.isComposing || document.querySelector("[role=dialog]")) return
    const target = event.composedPath()[0]
    const typing = target.matches?.("textarea, select, [contenteditable], input:not([type=radio]):not([type=checkbox])")
    if (this.data && this.textKey(event, { inside, typing, target })) return event.preventDefault()
    const plain = !typing && !event.ctrlKey && !event.metaKey && !event.altKey
    if (plain && this.data && this.groupKey({ key: event.key, target })) return event.preventDefault()
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
    const action = this.keys().find(([key]) => key === event.key)?.[2]
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
}
