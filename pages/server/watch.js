// Watches that the session lives, and sends a page whose session has ended to /login.
//
// Without it Streamlit shows a blank page or retries for ever. It is a file of the server's own,
// open to all, and stands in the page's head: Streamlit's own code is refused without a session,
// so nothing that is loaded by it could tell a page that was opened in that moment.
"use strict"
{
  const MILLISECONDS = 4000
  let leaving = false

  const ask = async () => {
    if (leaving) return
    try {
      const answer = await fetch("/session", { cache: "no-store", credentials: "same-origin" })
      if (answer.status !== 401 || leaving) return
    } catch {
      return // the server restarts, or the network is away: Streamlit says so itself
    }
    leaving = true
    location.assign("/login?next=" + encodeURIComponent(location.pathname + location.search))
  }

  const askIfSeen = () => document.visibilityState === "visible" && ask()
  setInterval(askIfSeen, MILLISECONDS)
  document.addEventListener("visibilitychange", askIfSeen)
  addEventListener("online", ask)
  const refused = (entry) => entry.responseStatus === 401 && !entry.name.endsWith("/session")
  new PerformanceObserver((list) => list.getEntries().some(refused) && ask())
    .observe({ type: "resource", buffered: true })
}
