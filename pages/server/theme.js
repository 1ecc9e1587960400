// Applies the theme that was chosen in the sidebar, before Streamlit reads its own setting.
//
// Streamlit keeps a theme per address; Touchstone has one per browser. The sidebar's switch
// (pages/sidebar.js) writes `touchstone-theme`: System, Light or Dark.
"use strict"
{
  const chosen = localStorage.getItem("touchstone-theme")
  const key = `stActiveTheme-${location.pathname}-v2`
  if (chosen === "Light" || chosen === "Dark") localStorage.setItem(key, JSON.stringify(chosen))
  else if (chosen === "System") localStorage.removeItem(key)
}
