// The little Markdown that guidelines use: headings, lists, **bold**, *emphasis*, `code`.
// Lines between ```example and ``` are an example in a box, line by line: “Input: …”, “Why: …”.
// It builds elements and text nodes; anything else, HTML and links included, stays plain text.

const MARKS = /(\*\*[^*\n]+\*\*|`[^`\n]+`|\*[^*\s][^*\n]*\*)/
const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/
const HEADING = /^#{1,6}\s+(.*)$/
const FENCE = /^\s*```\s*(\w*)\s*$/
const PART = /^([^\s:][^:]{0,30}):\s*(.*)$/

function inline(text) {
  return text.split(MARKS).filter(Boolean).map((part) => {
    if (!MARKS.test(part)) return part
    if (part.startsWith("**")) return element("strong", {}, part.slice(2, -2))
    if (part.startsWith("`")) return element("code", {}, part.slice(1, -1))
    return element("em", {}, part.slice(1, -1))
  })
}

// One block per heading, list item or paragraph; a line that starts nothing continues its block.
function blocks(text) {
  const found = []
  let open = null
  let fence = null
  for (const line of text.split("\n")) {
    const item = ITEM.exec(line)
    const heading = HEADING.exec(line)
    const edge = FENCE.exec(line)
    if (edge || fence) {
      if (!edge) fence.lines.push(line)
      else if (fence) fence = null
      else found.push(fence = { kind: "fence", word: edge[1], lines: [] })
      open = null
    } else if (!line.trim()) open = null
    else if (heading) {
      found.push({ kind: "heading", text: heading[1] })
      open = null
    } else if (item) {
      open = { kind: "item", sign: /\d/.test(item[2]) ? item[2] : "•", indent: item[1].length, text: item[3] }
      found.push(open)
    } else if (open) open.text += ` ${line.trim()}`
    else {
      open = { kind: "paragraph", text: line.trim() }
      found.push(open)
    }
  }
  return found
}

// An example: the names of its parts before their lines. Any other fenced block stays as it stands.
function fenced({ word, lines }) {
  if (word !== "example") return element("pre", {}, lines.join("\n"))
  const row = (line) => {
    const part = PART.exec(line)
    return part ? element("div", {}, element("b", {}, part[1]), " ", ...inline(part[2])) : element("div", {}, ...inline(line || " "))
  }
  return element("figure", {}, element("figcaption", {}, "Example"), ...lines.map(row))
}

function prose(text) {
  const box = element("div", { class: "prose" })
  for (const block of blocks(text)) {
    if (block.kind === "heading") box.append(element("h4", {}, ...inline(block.text)))
    else if (block.kind === "fence") box.append(fenced(block))
    else if (block.kind === "paragraph") box.append(element("p", {}, ...inline(block.text)))
    else {
      const sign = element("span", { class: "sign" }, block.sign)
      const row = element("div", { class: "item", role: "listitem" }, sign, element("span", {}, ...inline(block.text)))
      row.style.marginLeft = `${Math.min(block.indent, 8) * 0.45}rem`
      box.append(row)
    }
  }
  return box
}
