// What the editor looks like: notes, fields, actions, and the panels that ask for a reason.

const REASONS = {
  skip: ["not my field", "too long for now", "I am not sure"],
  flag: ["wrong or harmful", "personal data", "cannot be answered", "duplicate"],
}

class Surface {
  draw() {
    const { data, form, root } = this
    const changed = () => this.changed()
    const field = (name) =>
      this.editing.has(name)
        ? textField(name, form, changed)
        : readField(name, data.changes[name], (one) => this.edit(one))
    const main = element(
      "div",
      { class: "main" },
      element("div", { class: "message", "aria-live": "assertive" }),
      ...data.notes.map(({ kind, icon, text }) => noteBox(kind, icon, [text])),
      this.draftNotes(),
      this.conflictBox(),
      ...FIELDS.map(field),
      element(
        "div",
        { class: "marks" },
        ...data.schema.map((one, i) => labelField(one, i, form, changed)),
        qualityField(form, changed),
      ),
      data.mode === "review" ? commentField(form, changed) : null,
      element("div", { class: "panel", hidden: true }),
      this.actions(),
    )
    root.replaceChildren(main, this.guidelines())
    root.tabIndex = -1
    this.panel = null
    this.label()
  }

  guidelines() {
    const text = this.data.guidelines.trim()
    const wide = this.root.clientWidth >= 860
    return element(
      "details",
      { class: "guidelines", open: this.guided ?? wide },
      // Read before the browser turns it; the next example keeps the choice.
      element("summary", { onclick: (event) => (this.guided = !event.currentTarget.parentNode.open) }, "Guidelines"),
      prose(text || "This project has no guidelines yet. A lead writes them on the Projects page."),
    )
  }

  draftNotes() {
    const box = element("div", {})
    const button = (text, onclick) => element("button", { type: "button", class: "link", onclick }, text)
    if (this.restored) {
      const time = new Date(this.restored).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
      box.append(noteBox("draft", "↺", [`Restored your unsaved text from ${time}.`],
        button("Discard it", () => this.discard())))
    }
    if (this.older) {
      const { draft } = this.older
      box.append(noteBox("draft", "↺",
        ["You have unsaved text for an earlier state of this example; somebody saved in between."],
        button("Put my text in", () => {
          const { key } = this.older
          this.take(draft)
          this.older = null
          this.changed()
          dropDraft(key)
          this.draw()
        }),
        button("Discard it", () => this.discard())))
    }
    const other = draftElsewhere(this.owner, this.data.example_id)
    if (other && this.data.mode === "annotate") {
      const note = noteBox("draft", "↺", ["You have unsaved text for another example."],
        button("Open it", () => this.send(this.submission("open", { open: other.example }))),
        button("Discard it", () => {
          dropDraft(other.key)
          note.remove()
        }))
      box.append(note)
    }
    return box.childElementCount ? box : null
  }

  conflictBox() {
    const { conflict } = this.data
    if (!conflict) return null
    const differing = FIELDS.filter((name) => isChanged(conflict.changes[name]))
    return element(
      "section",
      { class: "conflict" },
      noteBox("wrong", "⚠", [conflict.title, conflict.text]),
      element("h4", {}, "From theirs to yours"),
      ...differing.map((name) =>
        element("div", {}, element("b", {}, title(name)), drawChanges(conflict.changes[name]))),
      differing.length ? null : element("p", {}, "The texts are equal."),
      element(
        "div",
        { class: "actions row" },
        conflict.open
          ? element("button", { type: "button", class: "primary", onclick: () => this.submit(this.data.mode === "annotate" ? "save" : "accept") },
            "Save mine on top of theirs")
          : null,
        element("button", { type: "button", onclick: () => this.submit("take_theirs") }, "Keep theirs, drop mine"),
      ),
    )
  }

  actions() {
    const { data } = this
    const button = (text, key, onclick, more = "") =>
      element("button", { type: "button", class: more, onclick, "aria-keyshortcuts": key },
        text, key ? hint(key) : null)
    const decided = data.conflict && !data.conflict.open
    const primary = element("button", { type: "button", class: "primary", hidden: Boolean(decided) })
    primary.onclick = () => this.submit(data.mode === "annotate" ? "save" : "accept")
    this.label = () => {
      const words = data.mode === "annotate"
        ? "Save and next"
        : this.edited ? "Accept with my edits" : "Accept"
      // While a box asks something, the key and the colour are its button's.
      primary.classList.toggle("primary", !this.asking)
      primary.ariaKeyShortcuts = this.asking ? null : "Control+Enter"
      primary.replaceChildren(this.pending ? "Saving…" : words, ...(this.asking ? [] : [hint("Ctrl ⏎")]))
    }
    const rest = data.mode === "annotate"
      ? [
          button("Skip", "s", () => this.show("skip")),
          button("Flag", "f", () => this.show("flag")),
          data.can_go_back ? button("Back", "b", () => this.submit("back")) : null,
        ]
      : [
          button("Send back", "s", () => this.sendBack()),
          button("Set aside", "x", () => this.submit("set_aside")),
          button("Edit", "e", () => this.edit()),
          button("Skip", "k", () => this.show("skip")),
          data.can_go_back ? button("Undo last", "u", () => this.submit("back")) : null,
        ]
    return element("div", { class: "actions bar" }, primary, ...rest,
      button("?", "", () => this.show("keys"), "help"))
  }

  keys() {
    const { data } = this
    const quality = QUALITY.map((word, i) => [String(i + 1), `quality ${word}`, () => this.rate(i + 1)])
    const own = data.mode === "annotate"
      ? [["s", "skip, with a reason", () => this.show("skip")],
         ["f", "flag, with a reason", () => this.show("flag")],
         ["b", "back to my last saved example", () => data.can_go_back && this.submit("back")]]
      : [["a", "accept", () => this.submit("accept")],
         ["s", "send back, with a comment", () => this.sendBack()],
         ["x", "set aside", () => this.submit("set_aside")],
         ["e", "edit the texts", () => this.edit()],
         ["k", "skip, with a reason", () => this.show("skip")],
         ["u", "undo my last decision", () => data.can_go_back && this.submit("back")]]
    return [...own, ...quality, ["?", "show the keys", () => this.show("keys")]]
  }

  rate(value) {
    this.root.querySelector(`input[name=quality][value="${value}"]`)?.click()
  }

  show(panel) {
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
    if (!open) this.show("send_back")
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
        element("button", { type: "button", onclick: () => this.show(null) }, "Cancel", hint("Esc"))),
    ]
  }

  keyList() {
    const save = this.data.mode === "annotate" ? "save and next" : "accept"
    const lines = [["Ctrl + Enter", `${save}, from anywhere; in an open box, what the box asks`],
      ["Esc", "leave the text field; letters are keys then"],
      ...this.keys().filter(([key]) => !/[2-5]/.test(key)).map(([key, what]) => key === "1" ? ["1 – 5", "quality"] : [key, what])]
    return [element("dl", { class: "keys" },
      ...lines.flatMap(([key, what]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, what)]))]
  }

  reasonForm(action) {
    const input = element("input", { type: "text", id: "reason", maxlength: "500", "aria-label": `Why do you ${action} it?`,
      placeholder: "Say why in a few words" })
    this.asked = input
    return [
      element("p", {}, action === "skip"
        ? "Skip: it goes to somebody else, and not to you again. Why?"
        : "Flag: a reviewer looks at it, and it is not frozen before that. Why?"),
      element("div", { class: "row" }, ...REASONS[action].map((text) =>
        element("button", { type: "button", class: "chip", onclick: () => {
          input.value = text
          input.dispatchEvent(new Event("input"))
          input.focus()
        } }, text))),
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

function hint(key) {
  return element("kbd", { "aria-hidden": "true" }, key)
}
