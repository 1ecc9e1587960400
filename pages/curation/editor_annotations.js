// What several people wrote of one example, side by side; a reviewer puts one of them in the form.

function annotationsBox(editor) {
  const { annotations } = editor.data
  if (!annotations.length) return null
  const differing = FIELDS.filter((name) => annotations.some(({ changes }) => isChanged(changes[name])))
  const labelled = JSON.stringify(annotations[0].said)
  const alike = annotations.every(({ said }) => JSON.stringify(said) === labelled)
  const words = differing.length || !alike
    ? "Marked is how each differs from the text below." : "All wrote the same."
  return element("section", { class: "annotations", "aria-label": "Annotations" },
    element("p", { class: "about" }, `${counted(annotations.length, "annotation")}. ${words}`, hint(editor.keyOf("choose").toUpperCase()), " uses the next one"),
    element("div", { class: "columns" },
      ...annotations.map((one) => annotationCard(editor, one, differing, alike))))
}

function annotationCard(editor, one, differing, alike) {
  const chosen = editor.form.chosen === one.name
  const marks = [...one.said.map(([name, value]) => `${name}: ${value}`),
    ...(one.quality ? [`quality: ${one.quality}`] : [])]
  return element("article", { class: chosen ? "card chosen" : "card", "aria-label": `Annotation ${one.name}` },
    element("h4", {}, `Annotation ${one.name}`),
    ...differing.map((name) => element("div", { class: "field" },
      element("div", { class: "caption" }, element("b", {}, title(name))), drawChanges(one.changes[name]))),
    marks.length ? element("p", { class: alike ? "said" : "said differs" }, marks.join(" · ")) : null,
    one.comment ? element("p", { class: "said" }, `“${one.comment}”`) : null,
    element("button", { type: "button", "aria-pressed": chosen ? "true" : "false",
      onclick: () => editor.choose(one.name) }, chosen ? `✓ ${one.name} is used` : `Use ${one.name}`))
}
