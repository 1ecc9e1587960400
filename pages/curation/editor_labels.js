// The labels of the project's schema as parts of the form, one function a kind. What the form holds
// for each is described in core/labels/field.py.

const LABEL_PARTS = { single: optionsPart, multiple: optionsPart, rating: ratingPart, span: spanPart, text: textPart }

function labelField(field, number, form, changed, marking) {
  return LABEL_PARTS[field.kind](field, `label-${number}`, form, changed, marking)
}

function choice(kind, group, value, chosen, text, onchange) {
  const input = element("input", { type: kind, name: group, value, checked: chosen, onchange })
  return element("label", { class: "choice" }, input, element("span", {}, text))
}

// Takes a choice back, which radio buttons cannot.
function clearButton(field, form, changed) {
  const button = linkButton("Clear", () => {
    delete form.labels[field.name]
    for (const input of button.closest("fieldset").querySelectorAll("input")) input.checked = false
    button.hidden = true
    changed()
  })
  button.hidden = form.labels[field.name] === undefined
  button.ariaLabel = `Clear ${field.name}`
  return button
}

function optionsPart(field, group, form, changed) {
  const several = field.kind === "multiple"
  const chosen = () => [form.labels[field.name] ?? []].flat()
  const clear = several ? null : clearButton(field, form, changed)
  const choose = (option) => (event) => {
    if (several) {
      const rest = chosen().filter((one) => one !== option)
      form.labels[field.name] = event.target.checked ? [...rest, option] : rest
    } else {
      form.labels[field.name] = option
      clear.hidden = false
    }
    changed()
  }
  const kind = several ? "checkbox" : "radio"
  return element("fieldset", {},
    element("legend", {}, field.name, several ? element("i", {}, " (multiple choice)") : null, clear),
    ...field.options.map((o) => choice(kind, group, o, chosen().includes(o), o, choose(o))))
}

function ratingPart(field, group, form, changed) {
  const clear = clearButton(field, form, changed)
  const choose = (point) => () => {
    form.labels[field.name] = point
    clear.hidden = false
    changed()
  }
  const [low, high] = field.ends.length ? field.ends : ["", ""]
  const end = (word) => word ? element("span", { class: "end", "aria-hidden": "true" }, word) : null
  const points = Array.from({ length: field.points }, (_, k) => k + 1)
  const named = (point) => ({ 1: low, [field.points]: high })[point]
  return element("fieldset", { class: "rating" },
    element("legend", {}, field.name, element("i", {}, ` (1 – ${field.points})`), clear),
    end(low),
    ...points.map((point) => {
      const one = choice("radio", group, String(point), form.labels[field.name] === point, String(point), choose(point))
      one.firstChild.ariaLabel = named(point) ? `${point} ${named(point)}` : String(point)
      return one
    }),
    end(high))
}

function textPart(field, group, form, changed) {
  const area = element("textarea", { id: group, rows: "1", maxlength: "2000", spellcheck: "true", oninput: () => {
    if (area.value.trim()) form.labels[field.name] = area.value
    else delete form.labels[field.name]
    grow(area)
    changed()
  } })
  area.value = form.labels[field.name] ?? ""
  requestAnimationFrame(() => grow(area))
  return element("div", { class: "field written" },
    element("div", { class: "caption" }, element("label", { for: group }, field.name)), area)
}

function spanPart(field, group, form, changed, marking) {
  const said = element("span", { class: "size" })
  const draw = () => {
    const count = form.labels[field.name]?.length ?? 0
    said.textContent = count ? counted(count, "mark") : "Select words in a text above, then choose what they are."
  }
  marking.views.push(draw)
  draw()
  return element("fieldset", {}, element("legend", {}, field.name, element("i", {}, " (marked words)")), said)
}

// Labels of a draft that the schema, perhaps another one by now, can hold.
function fittingLabels(labels, schema) {
  const fits = {
    single: (value) => typeof value === "string",
    multiple: (value) => typeof value === "string" || (Array.isArray(value) && value.every((one) => typeof one === "string")),
    rating: (value) => Number.isInteger(value),
    span: (value) => Array.isArray(value) && value.every((one) => typeof one?.text === "string"),
    text: (value) => typeof value === "string",
  }
  const known = schema.filter(({ name, kind }) => name in labels && fits[kind](labels[name]))
  return Object.fromEntries(known.map(({ name }) => [name, labels[name]]))
}

// In review: what somebody changed in the labels.
function relabelled(changes) {
  if (!changes?.length) return null
  const line = ({ name, before, after }) => {
    const runs = [...(before ? [["removed", before]] : []), ...(after ? [["added", after]] : [])]
    return element("div", { class: "relabelled" }, element("b", {}, name), drawChanges(runs))
  }
  return element("div", { class: "field read changed" },
    element("div", { class: "caption" }, element("b", {}, "Labels"), element("span", { class: "size" }, "changed")),
    ...changes.map(line))
}
