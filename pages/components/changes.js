// Shared by difference.js and the editor: how a difference between two texts is drawn.
// Texts go in as text nodes only; added and removed words differ in shape as well as in colour.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value)
    else if (name === "class") made.className = value
    else if (name in made && typeof value !== "string") made[name] = value
    else made.setAttribute(name, value)
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""))
  return made
}

// A change of white space alone would be invisible.
function visible(text) {
  if (text.trim() !== "") return text
  return text.replaceAll(" ", "␣").replaceAll("\t", "⇥").replaceAll("\n", "↵\n")
}

// Earlier turns of a conversation, as core/conversation.py writes them: a line names each speaker.
const SPEAKER = /^\[\[(system|user|assistant|tool)\]\][ \t]*(?:\r?\n|$)/m
const NO_SPEAKER = /^\\(?=\\*\[\[(?:system|user|assistant|tool)\]\][ \t]*\r?$)/gm
// A heading begins a line of its own: one of the two line ends between turns is enough.
const BETWEEN_TURNS = /\r?\n\r?\n$/

function isConversation(text) {
  return text.trimStart().search(SPEAKER) === 0
}

// A text as nodes: the speakers of a conversation as headings, everything else as it stands.
function readingNodes(text, turns = isConversation(text)) {
  if (!turns) return [document.createTextNode(text)]
  return text.split(SPEAKER).map((part, i) =>
    i % 2 ? element("b", { class: "speaker" }, part.charAt(0).toUpperCase() + part.slice(1))
      : document.createTextNode(part.replace(NO_SPEAKER, "").replace(BETWEEN_TURNS, "\n")))
}

function drawChanges(changes) {
  const box = element("div", { class: "changes" })
  const turns = isConversation(changes.filter(([op]) => op !== "removed").map(([, text]) => text).join(""))
  for (const [op, text] of changes) {
    if (op === "same") box.append(...readingNodes(text, turns))
    else {
      const tag = op === "added" ? "ins" : "del"
      const spoken = op === "added" ? "added: " : "removed: "
      box.append(element(tag, {}, element("span", { class: "spoken" }, spoken), visible(text)))
    }
  }
  if (!changes.length) box.append(element("span", { class: "nothing" }, "empty"))
  return box
}

function isChanged(changes) {
  return changes.some(([op]) => op !== "same")
}
