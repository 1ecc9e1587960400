// Word difference of two answers: marks in each the words that the other one has not, in order.

const WORDS_SHOWN = "touchstone.words"
const MOST_WORDS = 2000 // of each answer; beyond, the table of an exact difference grows too large

function wordsOf(text) {
  return text.match(/\s+|[^\s]+/gu) ?? []
}

// Which words of both belong to their longest common subsequence: two arrays of booleans.
function sharedWords(left, right) {
  const width = right.length + 1
  const table = new Uint16Array((left.length + 1) * width)
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const here = i * width + j
      table[here] = left[i] === right[j]
        ? table[here + width + 1] + 1
        : Math.max(table[here + width], table[here + 1])
    }
  }
  const shared = [left.map(() => false), right.map(() => false)]
  for (let i = 0, j = 0; i < left.length && j < right.length;) {
    const here = i * width + j
    if (left[i] === right[j]) shared[0][i++] = shared[1][j++] = true
    else if (table[here + width] >= table[here + 1]) i++
    else j++
  }
  return shared
}

function markedWords(parts, isShared) {
  let word = 0
  const nodes = []
  for (const part of parts) {
    const own = /^\s/u.test(part) || isShared[word++]
    const last = nodes.at(-1)
    if (own && typeof last === "string") nodes[nodes.length - 1] = last + part
    else nodes.push(own ? part : element("mark", {}, part))
  }
  return nodes
}

// Both answers with their own words marked; null where they are too long for that.
function wordDifference(left, right) {
  const parts = [wordsOf(left), wordsOf(right)]
  const words = parts.map((one) => one.filter((part) => !/^\s/u.test(part)))
  if (words.some((one) => one.length > MOST_WORDS)) return null
  const shared = sharedWords(...words)
  return parts.map((one, side) => markedWords(one, shared[side]))
}

function wordsAreShown() {
  try {
    return localStorage.getItem(WORDS_SHOWN) === "yes"
  } catch {
    return false
  }
}

function showWords(shown) {
  try {
    localStorage.setItem(WORDS_SHOWN, shown ? "yes" : "no")
  } catch { /* then it holds for this pair alone */ }
}

// A button that marks the words in the bodies of both answers, and takes the marks away again.
// `after` draws what stands over the words.
function wordSwitch(rater, pair, bodies, after) {
  let shown = wordsAreShown()
  const one = button({ class: "quiet", onclick: () => toggle() }, "Word difference", element("kbd", {}, "V"))
  const draw = () => {
    const marked = shown ? wordDifference(pair.left, pair.right) : null
    if (shown && !marked) rater.say(`Answers of more than ${many(MOST_WORDS)} words are not compared.`, true)
    bodies.forEach((body, side) => {
      if (pair[SIDES[side]]) body.replaceChildren(...(marked ? marked[side] : [pair[SIDES[side]]]))
    })
    one.setAttribute("aria-pressed", String(Boolean(marked)))
    after()
  }
  const toggle = () => { shown = !shown; showWords(shown); draw() }
  draw()
  return { one, toggle, draw }
}
