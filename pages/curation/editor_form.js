// The parts of the editor's form: three texts, labels, quality, comment. `form` holds what the
// person entered; `changed()` is called after every change of it.

const QUALITY = ["unusable", "poor", "fair", "good", "excellent"]

function grow(area) {
  area.style.height = "auto"
  area.style.height = `${Math.min(area.scrollHeight + 2, 560)}px`
}

function textField(name, form, changed) {
  const area = element("textarea", {
    id: name,
    rows: name === "instruction" ? "2" : "3",
    spellcheck: "true",
    oninput: () => {
      form[name] = area.value
      size.textContent = sizeOf(area.value)
      grow(area)
      changed()
    },
  })
  area.value = form[name]
  const size = element("span", { class: "size" }, sizeOf(form[name]))
  requestAnimationFrame(() => grow(area))
  return element(
    "div",
    { class: "field" },
    element("div", { class: "caption" }, element("label", { for: name }, title(name)), size),
    area,
  )
}

function sizeOf(text) {
  const turns = isConversation(text) ? text.split(SPEAKER).length >> 1 : 0
  const size = text ? `${many(text.length)} characters` : "empty"
  return turns ? `${counted(turns, "earlier turn")}, each under its [[speaker]] · ${size}` : size
}

function title(name) {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

function choice(kind, group, value, chosen, text, onchange) {
  const input = element("input", { type: kind, name: group, value, checked: chosen, onchange })
  return element("label", { class: "choice" }, input, element("span", {}, text))
}

function labelField(field, number, form, changed) {
  const group = `label-${number}`
  const chosen = () => [form.labels[field.name] ?? []].flat()
  const choose = (option) => (event) => {
    if (field.multiple) {
      const rest = chosen().filter((one) => one !== option)
      form.labels[field.name] = event.target.checked ? [...rest, option] : rest
    } else form.labels[field.name] = option
    changed()
  }
  const kind = field.multiple ? "checkbox" : "radio"
  return element(
    "fieldset",
    {},
    element("legend", {}, field.name, field.multiple ? element("i", {}, " (multiple choice)") : null),
    ...field.options.map((o) => choice(kind, group, o, chosen().includes(o), o, choose(o))),
  )
}

function qualityField(form, changed) {
  const choose = (value) => () => {
    form.quality = value
    changed()
  }
  return element(
    "fieldset",
    { class: "quality" },
    element("legend", {}, "Quality"),
    ...QUALITY.map((word, i) =>
      choice("radio", "quality", String(i + 1), form.quality === i + 1, `${i + 1} ${word}`,
        choose(i + 1)),
    ),
  )
}

// In review a field is read with its differences first and opened for editing on demand.
function readField(name, changes, edit) {
  const note = isChanged(changes) ? "changed" : "unchanged"
  return element(
    "div",
    { class: `field read ${note}` },
    element(
      "div",
      { class: "caption" },
      element("b", {}, title(name)),
      element("span", { class: "size" }, note),
      element("button", { type: "button", class: "link", onclick: () => edit(name) }, "Edit"),
    ),
    drawChanges(changes),
  )
}

function commentField(form, changed) {
  const area = element("textarea", {
    id: "comment",
    rows: "2",
    placeholder: "Goes with your decision; needed to send an example back.",
    oninput: () => {
      form.comment = area.value
      grow(area)
      changed()
    },
  })
  area.value = form.comment
  return element(
    "div",
    { class: "field" },
    element("div", { class: "caption" }, element("label", { for: "comment" }, "Comment")),
    area,
  )
}
