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

// Where a finding stands now, in UTF-16 units; typing may have moved it, and -1 is gone.
function unitOf({ text, start, end }, now) {
  return now.slice(start, end) === text ? start : now.indexOf(text)
}

// The same in code points, to be drawn; null: gone.
function placeOf(finding, now) {
  const unit = unitOf(finding, now)
  if (unit < 0) return null
  const start = pointsBefore(now, unit)
  return { start, end: start + [...finding.text].length, severity: finding.severity, label: finding.label }
}

function quotedPlace(editor, finding) {
  const { field, text } = finding
  const quoted = text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text
  const show = () => {
    if (editor.editing.has(field)) editor.focus(field)
    else editor.edit(field)
    const area = editor.root.querySelector(`#${field}`)
    const at = unitOf(finding, area.value)
    if (at >= 0) area.setSelectionRange(at, at + text.length)
    else editor.message({ title: "No longer there", text: "You have changed this place of the text already." })
  }
  return element("button", { type: "button", class: "link quote", title: `Select it in the ${field}`, onclick: show },
    `“${quoted}”`)
}
