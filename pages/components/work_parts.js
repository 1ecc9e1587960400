// What the working pages share: figures, notes, the empty state, links to other pages.

function hint(key) {
  return element("kbd", { "aria-hidden": "true" }, key)
}

// Thin thousands separators, as everywhere.
function many(count) {
  return Number(count ?? 0).toLocaleString("en").replaceAll(",", "\u202f")
}

function counted(count, one, more = `${one}s`) {
  return `${many(count)} ${count === 1 ? one : more}`
}

// A naive UTC time in the reader's zone: “21 Nov 2026, 14:05”.
function whenText(time) {
  const at = new Date(typeof time === "number" ? time : `${time}Z`)
  const day = at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })
  return `${day}, ${at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`
}

function figuresRow(values) {
  const one = ([label, value, help, act]) => element("div", { class: "figure", title: help },
    element("dt", {}, label),
    element("dd", {}, value, act
      ? element("button", { type: "button", class: "link", onclick: act.go }, act.text) : null))
  return element("dl", { class: "figures" }, ...values.map(one))
}

function noteBox(kind, icon, words, ...more) {
  return element(
    "div",
    { class: `note ${kind}`, role: kind === "wrong" ? "alert" : "status" },
    element("span", { class: "icon", "aria-hidden": "true" }, icon),
    element("div", {}, ...words.map((text) => element("p", {}, text)), ...more),
  )
}

function linkButton(text, onclick) {
  return element("button", { type: "button", class: "link", onclick }, text)
}

// Through Streamlit's own navigation where the sidebar has the page, which keeps the tab's state.
function pageLink({ text, path }) {
  const go = (event) => {
    const links = [...document.querySelectorAll("[data-testid=stSidebar] a[href]")]
    const own = links.find((link) => new URL(link.href).pathname.endsWith(path))
    if (!own || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    own.click()
  }
  return element("a", { href: path, class: "go", onclick: go }, text, " →")
}

function emptyBox(title, text, ...more) {
  return element("section", { class: "empty", role: "status" },
    element("h3", {}, title), text ? element("p", {}, text) : null,
    element("div", { class: "row" }, ...more))
}
