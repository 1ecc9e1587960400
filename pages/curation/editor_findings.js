// What the newest check found on the example that is open, under the field that it is about. A click
// on the quoted place selects it in the text field.

const SEVERITIES = { high: "▲", medium: "◆", low: "▽" }
const QUOTED = 120

function findingsList(editor, field) {
  const found = editor.data.findings.filter((one) => one.field === field)
  if (!found.length) return null
  return element("ul", { class: "findings", "aria-label": `Findings in the ${field}` },
    ...found.map((one) => findingLine(editor, one)))
}

function findingLine(editor, finding) {
  const { severity, label, explanation, text } = finding
  return element("li", { class: severity },
    element("span", { class: "icon", title: `${severity} severity` }, SEVERITIES[severity]),
    element("span", {}, element("b", {}, label), ` (${severity}) `,
      element("span", { class: "why" }, explanation), " ",
      text ? quotedPlace(editor, finding) : null))
}

function quotedPlace(editor, { field, text, start, end }) {
  const quoted = text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text
  const show = () => {
    if (editor.editing.has(field)) editor.focus(field)
    else editor.edit(field)
    const area = editor.root.querySelector(`#${field}`)
    // Typing may have moved it; where it is gone there is nothing to select.
    const at = area.value.slice(start, end) === text ? start : area.value.indexOf(text)
    if (at >= 0) area.setSelectionRange(at, at + text.length)
    else editor.message({ title: "No longer there", text: "You have changed this place of the text already." })
  }
  return element("button", { type: "button", class: "link quote", title: `Select it in the ${field}`, onclick: show },
    `“${quoted}”`)
}
