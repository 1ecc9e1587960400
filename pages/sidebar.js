// The sidebar's foot: the theme switch and signing out.
//
// On a phone the sidebar lies over the page: it folds away once a page has been chosen.
const CHOSEN = "touchstone-theme"
let shown

export default function ({ data, parentElement }) {
  const select = parentElement.querySelector("select")
  select.value = localStorage.getItem(CHOSEN) ?? "System"
  select.onchange = () => {
    localStorage.setItem(CHOSEN, select.value)
    location.reload() // theme.js, in the page's head, applies it
  }
  const moved = shown !== undefined && shown !== data.page
  shown = data.page
  if (!moved || window.innerWidth >= 768) return
  document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click()
}
