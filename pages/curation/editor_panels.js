// Panels of the editor that open above its buttons: a reason to skip or flag, a comment to send
// back, the list of keys.

const REASONS = {
  skip: ["not my field", "too long for now", "I am not sure"],
  flag: ["wrong or harmful", "personal data", "cannot be answered", "duplicate"],
}

class Panels extends Keys {
  openPanel(panel) {
    this.panel = this.panel === panel ? null : panel
    this.renaming = null
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
}
