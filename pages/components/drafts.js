// Drafts in localStorage: by owner (a person; in review "review." and the person), example and
// revision, from the first key stroke until the text is submitted. The server keeps a copy, at most
// two seconds old; `kept` says that it has this very text. A full or forbidden storage must never
// stop the typing.

const DRAFTS = "touchstone.draft."
const KEPT_DAYS = 60

function draftKey(owner, example, revision) {
  return `${DRAFTS}${owner}.${example}.${revision}`
}

function readStored(key) {
  try {
    return JSON.parse(localStorage.getItem(key))
  } catch {
    return null
  }
}

function writeStored(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value))
    return true
  } catch {
    return false
  }
}

function writeDraft(key, value) {
  return writeStored(key, { ...value, time: Date.now() })
}

function dropDraft(key) {
  try {
    localStorage.removeItem(key)
  } catch {
    return
  }
}

function draftKeys(start) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(start))
  } catch {
    return []
  }
}

function pruneDrafts() {
  for (const key of draftKeys(DRAFTS)) {
    const draft = readStored(key)
    if (!draft || Date.now() - draft.time > KEPT_DAYS * 86_400_000) dropDraft(key)
  }
}

// The draft this owner left on an earlier revision of the example: somebody saved in between.
function olderDraft(owner, example, revision) {
  const start = `${DRAFTS}${owner}.${example}.`
  const key = draftKeys(start).find((one) => one !== start + revision)
  const draft = key ? readStored(key) : null
  return draft ? { key, draft } : null
}

// Another example for which this owner has unsaved text, or undefined.
function draftElsewhere(owner, example) {
  const start = `${DRAFTS}${owner}.`
  // Ratings keep their drafts here too.
  const others = draftKeys(`${start}ex_`).filter((one) => !one.startsWith(`${start}${example}.`))
  const key = others[0]
  return key ? { key, example: key.slice(start.length).split(".")[0] } : undefined
}
