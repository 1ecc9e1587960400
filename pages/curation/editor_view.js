// What the editor looks like: figures, notes, fields, buttons, guidelines, history; and its focus.

class Surface extends Panels {
  draw() {
    const { data, form, root, page } = this
    const changed = () => this.changed()
    const marking = new Marking(page.schema, form, changed, data.findings)
    const field = (name) =>
      this.editing.has(name)
        ? textField(name, form, changed, marking)
        : readField(name, data.changes[name], (one) => this.edit(one), marking)
    const main = element(
      "div",
      { class: "main" },
      element("p", { class: "about" }, aboutOf(data)),
      element("div", { class: "message", "aria-live": "assertive" }),
      ...data.notes.map(({ kind, icon, text }) => noteBox(kind, icon, [text])),
      draftNotes(this),
      conflictBox(this),
      annotationsBox(this),
      ...FIELDS.flatMap((name) => [field(name), findingsList(this, name)]),
      page.mode === "review" ? relabelled(data.label_changes) : null,
      element(
        "div",
        { class: "marks" },
        ...page.schema.map((one, i) => labelField(one, i, form, changed, marking)),
        qualityField(form, changed),
      ),
      findingsList(this, "labels"),
      page.mode === "review" ? commentField(form, changed) : null,
      element("div", { class: "panel", hidden: true }),
      this.buttons(),
    )
    this.historyOpen = root.querySelector(".history")?.open ?? this.historyOpen ?? false
    root.replaceChildren(this.figuresRow(), main, this.guidelines(), historyBox(data.history, this.historyOpen),
      commentsBox(this))
    this.panel = this.renaming = null
    this.label()
  }

  drawEmpty(message) {
    const { page, root } = this
    const words = message ?? { title: "Nothing waits for you here", text: "" }
    if (root.querySelector(".empty h3")?.textContent === words.title) return this.drawFigures()
    const had = root.getRootNode().activeElement
    this.data = this.panel = this.label = null
    const back = page.mode === "annotate" ? ["back", "Back to my last saved example"] : ["undo", "Undo my last decision"]
    const more = [
      ...(words.links ?? page.links).map(pageLink),
      this.figures?.can_go_back ? linkButton(back[1], () => this.go(back[0])) : null,
      linkButton("Look again", () => this.load()),
    ]
    root.replaceChildren(this.figuresRow(), element("div", { class: "message", "aria-live": "assertive" }),
      emptyBox(words.title, words.text ?? words.message, ...more))
    if (had) root.focus({ preventScroll: true })
    return undefined
  }

  figuresRow() {
    if (!this.figures) return element("dl", { class: "figures" })
    const { figures } = this
    return figuresRow(this.page.mode === "annotate"
      ? annotateFigures(figures, () => this.go("sent_back")) : reviewFigures(figures))
  }

  drawFigures() {
    this.root.querySelector(".figures")?.replaceWith(this.figuresRow())
    const back = this.root.querySelector(".bar .back")
    if (back) back.hidden = !this.figures?.can_go_back
  }

  // Changed guidelines wait closed, with a mark, until somebody opens them.
  guidelines() {
    const found = this.page.guidelines
    const wide = this.root.clientWidth >= 860
    const open = this.guided ?? (wide && !found?.changed)
    const changed = element("b", { class: "changed" }, "Changed since you read them")
    changed.hidden = !found?.changed
    const turned = (event) => {
      if (event.target.open) this.readGuidelines()
      changed.hidden = !found?.changed
    }
    return element(
      "details",
      { class: "guidelines", open, ontoggle: turned },
      // Read before the browser turns it; the next example keeps the choice.
      element("summary", { onclick: (event) => (this.guided = !event.currentTarget.parentNode.open) }, "Guidelines",
        changed),
      found ? element("p", { class: "version" }, `Version ${found.number} · ${whenText(found.at)} · ${found.person}`) : null,
      prose(found?.text || "This project has no guidelines yet. A lead writes them on the Projects page."),
    )
  }

  // Told once; where the server does not hear it, the mark comes again with the next page.
  readGuidelines() {
    const found = this.page.guidelines
    if (!found || found.read) return
    Object.assign(found, { read: true, changed: false })
    const action = { action: "read_guidelines", number: found.number, next: false }
    this.client.ask(action).catch((error) => {
      if (!(error instanceof WorkError)) throw error
    })
  }

  readComments() {
    const { data } = this
    this.client.ask({ action: "read_comments", example_id: data.example_id, next: false })
      .then(() => { data.mentioned = false }, (error) => {
        if (!(error instanceof WorkError)) throw error
      })
  }

  buttons() {
    const button = (text, name, onclick, more = "") => {
      const key = this.keyOf(name)
      return element("button", { type: "button", class: more, onclick, "aria-keyshortcuts": key },
        text, key ? hint(key.toUpperCase()) : null)
    }
    const decided = this.conflict && !this.conflict.open
    const annotates = this.page.mode === "annotate"
    const primary = element("button", { type: "button", class: "primary", hidden: Boolean(decided) })
    primary.onclick = () => this.submit(annotates ? "save" : "accept")
    this.label = () => this.drawLabel(primary)
    const back = annotates
      ? button("Back", "back", () => this.go("back"), "back")
      : button("Undo", "undo", () => this.go("undo"), "back")
    back.hidden = !this.figures?.can_go_back
    const rest = annotates
      ? [
          button("Skip", "skip", () => this.openPanel("skip")),
          button("Flag", "flag", () => this.openPanel("flag")),
        ]
      : [
          button("Send back", "send_back", () => this.sendBack()),
          button("Set aside", "set_aside", () => this.submit("set_aside")),
          button("Edit", "edit", () => this.edit()),
          button("Skip", "skip", () => this.openPanel("skip")),
        ]
    return element("div", { class: "actions bar" }, primary, ...rest, back,
      element("span", { class: "status", role: "status" }, this.statusText ?? ""),
      button("?", "", () => this.openPanel("keys"), "help"))
  }

  drawLabel(primary) {
    const took = this.form.chosen && this.asChosen ? `Accept annotation ${this.form.chosen}` : ""
    const accept = took || (this.edited ? "Accept with my edits" : "Accept")
    const words = this.page.mode === "annotate" ? "Save and next" : accept
    // While a box asks something, the key and the colour are its button's.
    primary.classList.toggle("primary", !this.asking)
    primary.ariaKeyShortcuts = this.asking ? null : "Control+Enter"
    primary.replaceChildren(this.pending ? "Saving…" : words, ...(this.asking ? [] : [hint(this.primaryKey)]))
  }

  // What is told --------------------------------------------------------------------------------

  message(message, more = null) {
    const box = this.root.querySelector(".message")
    const words = message ? [message.title, message.text ?? message.message].filter(Boolean) : []
    const link = more && linkButton(more.text, more.act)
    box?.replaceChildren(...(words.length ? [noteBox("wrong", "!", words, link)] : []))
  }

  status(text, wrong = false) {
    this.statusText = text
    const place = this.root.querySelector(".status")
    if (!place) return
    place.textContent = text
    place.classList.toggle("wrong", wrong)
  }

  // How many submissions wait for the server.
  waits(count) {
    if (!count) {
      if (this.waiting) this.status("Everything is saved")
      this.waiting = 0
      return
    }
    this.waiting = count
    this.status(`Offline: ${counted(count, "submission")} kept in this browser`, true)
    if (!this.pending) return
    this.message({ title: "The server does not answer",
      text: "What you wrote is kept in this browser and sent as soon as it does." },
    { text: "Try now", act: () => this.client.retryNow() })
  }

  busy(is) {
    this.pending = is
    for (const button of this.root.querySelectorAll(".actions button")) button.disabled = is
    this.root.classList.toggle("busy", is)
    this.label?.()
  }

  // Focus ---------------------------------------------------------------------------------------

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
    const said = [...this.root.querySelector(".message").childNodes]
    this.draw()
    this.root.querySelector(".message").replaceChildren(...said)
    if (sending) this.openPanel("send_back")
    this.focus(name ?? "output")
  }
}

const STATE_WORDS = {
  new: "new", annotated: "annotated", sent_back: "sent back", accepted: "accepted", set_aside: "set aside",
}

// “Example 12 · sent back · revision 3”
function aboutOf({ position, state, number, flagged }) {
  const parts = [...(position ? [`Example ${many(position)}`] : []), STATE_WORDS[state] ?? state, `revision ${many(number)}`]
  return [...parts, ...(flagged ? ["⚑ flagged"] : [])].join(" · ")
}
