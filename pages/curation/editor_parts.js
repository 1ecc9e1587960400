// Parts of the editor that are drawn again on their own: figures, history, notes about drafts.

function annotateFigures(figures, seeSentBack) {
  return [
    ["Saved today", many(figures.saved_today), "Revisions that you saved in the last 24 hours"],
    ["Waiting", many(figures.waiting), "Examples that you can be given"],
    ["Sent back to me", many(figures.sent_back), "With a reviewer's comment",
      figures.sent_back ? { text: "Open", go: seeSentBack } : null],
    ...(figures.assigned ? [["Assigned to me", `${many(figures.assigned_done)} of ${many(figures.assigned)} done`,
      "Examples that a lead gave to you; you get them before others"]] : []),
  ]
}

function reviewFigures(figures) {
  return [
    ["Decided today", many(figures.decided_today), "Your single decisions in the last 24 hours"],
    ["Waiting", many(figures.waiting), "Annotated or flagged, and free"],
    ["Accepted", many(figures.accepted), "Ready to be frozen"],
  ]
}

function historyBox(entries, open) {
  const line = ({ at, text }) => element("li", {}, element("time", {}, whenText(at)), element("span", {}, text))
  return element("details", { class: "history", open },
    element("summary", {}, `History (${counted(entries.length, "entry", "entries")})`),
    element("ol", {}, ...entries.toReversed().map(line)))
}

// What was typed earlier and is not submitted: restored, for an earlier state, for another example.
function draftNotes(editor) {
  const box = element("div", { class: "drafts" })
  if (editor.restored) {
    box.append(noteBox("draft", "↺", [`Restored your unsaved text from ${whenText(editor.restored)}.`],
      linkButton("Discard it", () => editor.discard())))
  }
  if (editor.older) {
    box.append(noteBox("draft", "↺",
      ["You have unsaved text for an earlier state of this example; somebody saved in between."],
      linkButton("Put my text in", () => editor.putIn()),
      linkButton("Discard it", () => editor.discard())))
  }
  const other = draftElsewhere(editor.owner, editor.data.example_id)
  if (other && editor.page.mode === "annotate") {
    const note = noteBox("draft", "↺", ["You have unsaved text for another example."],
      linkButton("Open it", () => editor.go("open", { example_id: other.example })),
      linkButton("Discard it", () => {
        dropDraft(other.key)
        note.remove()
      }))
    box.append(note)
  }
  return box.childElementCount ? box : null
}

function conflictBox(editor) {
  const { conflict } = editor
  if (!conflict) return null
  const differing = FIELDS.filter((name) => isChanged(conflict.changes[name]))
  const save = () => editor.submit(editor.page.mode === "annotate" ? "save" : "accept")
  return element(
    "section",
    { class: "conflict" },
    noteBox("wrong", "⚠", [conflict.title, conflict.text]),
    element("h4", {}, "From theirs to yours"),
    ...differing.map((name) =>
      element("div", {}, element("b", {}, title(name)), drawChanges(conflict.changes[name]))),
    relabelled(conflict.labels),
    differing.length ? null : element("p", {}, "The texts are equal."),
    element(
      "div",
      { class: "actions row" },
      conflict.open
        ? element("button", { type: "button", class: "primary", onclick: save }, "Save mine on top of theirs")
        : null,
      element("button", { type: "button", onclick: () => editor.takeTheirs() }, "Keep theirs, drop mine"),
    ),
  )
}
