// After rating: pairs of one's own once more, exactly as they were, and one question about each.

const ASKED = "Which of these do you think is the tuned one?"
const GUESSES = [
  ["left", "Left", "←"],
  ["right", "Right", "→"],
  ["unknown", "Don't know", "X"],
]

function drawQuestion(rater, question) {
  const answer = (side) => element("section", { class: "pane", "aria-label": `${capital(side)} answer` },
    element("h3", {}, `${capital(side)} answer`), textBlock(question[side]))
  const skip = button({ class: "quiet", onclick: () => rater.skipQuestions() }, "Skip these questions",
    element("kbd", {}, "S"))
  const box = element("div", { class: "pair question" },
    element("header", {}, element("b", {}, `Question ${many(question.number)} of ${many(question.total)}`), skip),
    element("div", { class: "asked" }, element("h2", {}, ASKED),
      element("p", {}, "You rated this pair, and what you said stays. The answer shows how well the " +
        "study is blinded; it does not count for or against either system.")),
    taskBox(question),
    element("div", { class: "panes" }, ...SIDES.map(answer)))
  const buttons = GUESSES.map(([guess, words, key]) => button({
    class: "choice", "data-guess": guess, "aria-pressed": "false", onclick: () => rater.guess(guess),
  }, words, element("kbd", {}, key)))
  const bar = element("div", { class: "choices guesses", role: "group", "aria-label": ASKED }, ...buttons)
  const choose = (guess) => buttons.forEach((one) =>
    one.setAttribute("aria-pressed", String(one.dataset.guess === guess)))
  return { box, bar, choose }
}

class Asker extends Entry {
  ask(question) {
    this.question = question
    this.guessed = false
    const { box, bar, choose } = drawQuestion(this, question)
    this.markGuess = choose
    this.undo.hidden = true // it takes back a judgement, not a guess
    this.stage.replaceChildren(box)
    this.choices.replaceChildren(bar)
    this.root.focus({ preventScroll: true })
    this.root.scrollIntoView({ block: "start" })
  }

  guess(guess) {
    if (!this.question || this.guessed) return
    this.guessed = true
    this.markGuess(guess)
    const { submission_id, presentation_id } = this.question
    this.client.submit({ action: "guess", submission_id, presentation_id, guess })
    this.say("Saving …")
  }

  // After the last question the rater may go on where pairs are left.
  askedNext({ question, message, left, figures }) {
    this.show(null, { message, question })
    if (!question) this.progress(figures)
    if (question || !(left > 0)) return
    clearTimeout(this.again)
    const on = button({ class: "again", onclick: () => this.goOn() }, "Go on rating")
    this.stage.querySelector(".empty .row")?.append(on)
  }

  goOn() {
    const kept = this.takeAhead()
    if (kept) this.show(kept)
    else this.load()
  }

  notAsked(error) {
    this.load()
    this.say(error.message, true)
  }

  async skipQuestions() {
    if (!this.question || this.guessed) return
    await this.asking({ action: "skip" })
  }

  // The pair that is shown waits with what was entered about it.
  async finish() {
    if (!this.pair || this.pending) return
    const answer = await this.asking({ action: "finish" })
    if (!answer || !this.pair) return
    this.autosave.now()
    this.ahead.unshift({ task: this.pair, time: Date.now() })
    this.askedNext(answer)
  }

  async asking(body) {
    try {
      const answer = await this.client.ask(body)
      this.progress(answer.figures)
      this.say("")
      if (body.action === "skip") this.askedNext(answer)
      return answer
    } catch (error) {
      if (!(error instanceof WorkError)) throw error
      this.say(error.message, true)
      return null
    }
  }
}
