// What each key does on a blind pair. `rater` (blind_pair.js) holds what the person entered.

const CHOICE_KEYS = {
  arrowleft: "left", a: "left", arrowright: "right", d: "right",
  g: "tie_good", b: "tie_bad", x: "cannot_judge",
}

function keyPressed(rater, event) {
  const target = event.composedPath()[0]
  const inside = event.composedPath().includes(rater.root)
  // Keys inside stop here: Streamlit would take an “r” in a text for its own.
  if (inside) event.stopPropagation()
  if (event.defaultPrevented || event.isComposing || event.repeat) return
  if ((!inside && target !== document.body) || document.querySelector("[role=dialog]")) return
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return used(event, () => rater.submit())
  if (target.matches?.("textarea, input, select")) {
    if (event.key === "Escape") used(event, () => rater.root.focus({ preventScroll: true }))
    return
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (target.tagName === "BUTTON" && ["Enter", " "].includes(event.key)) return
  const action = rater.view ? actionOf(rater, event)
    : (rater.question && guessOf(rater, event)) || withoutPair(rater)[event.key]
  if (action) used(event, action)
}

function withoutPair(rater) {
  return { z: () => rater.takeBack(), l: () => rater.rated.toggle() }
}

function used(event, action) {
  event.preventDefault()
  event.stopPropagation()
  action()
}

function guessOf(rater, { key }) {
  const letter = key.toLowerCase()
  if (letter === "s") return () => rater.skipQuestions()
  const guess = { left: "left", right: "right", cannot_judge: "unknown" }[CHOICE_KEYS[letter]]
  return guess && (() => rater.guess(guess))
}

function actionOf(rater, { key, shiftKey }) {
  const letter = key.toLowerCase()
  if (CHOICE_KEYS[letter]) return () => rater.choose(CHOICE_KEYS[letter])
  const flag = Object.keys(FLAG_KEYS).find((one) => FLAG_KEYS[one].toLowerCase() === letter)
  if (flag && rater.page.study.flags.includes(flag)) {
    return () => rater.flag(shiftKey ? "right" : "left", flag)
  }
  const here = rater.order[rater.cursor]
  if ("12345".includes(letter)) {
    return here && (() => { rater.rate(here.side, here.name, Number(key), true); rater.reveal() })
  }
  return {
    backspace: () => rater.move(-1), arrowup: () => rater.move(-1), arrowdown: () => rater.move(1),
    enter: () => rater.submit(), z: () => rater.takeBack(),
    m: () => rater.mark(shiftKey ? "bias" : ""), w: () => rater.view.openNotes(), v: () => rater.view.toggleWords(), l: () => rater.rated.toggle(),
    "?": () => rater.view.toggleHelp(),
    escape: () => { rater.view.help.hidden = true; rater.rated.close(); rater.root.focus({ preventScroll: true }) },
  }[letter]
}
