// What the rater judged today: a list from which one judgement comes back to be changed.

const CHOICE_WORDS = {
  left: "left better", right: "right better", tie_good: "both good", tie_bad: "both bad",
  cannot_judge: "could not judge",
}

class RatedToday {
  constructor(rater) {
    this.rater = rater
    this.button = button({ class: "quiet", hidden: true, "aria-expanded": "false", onclick: () => this.toggle() },
      "Rated today", element("kbd", {}, "L"))
    this.box = element("section", { class: "rated", hidden: true, "aria-label": "Rated today" })
  }

  close() {
    this.box.hidden = true
    this.button.setAttribute("aria-expanded", "false")
  }

  async toggle() {
    if (this.button.hidden) return
    if (!this.box.hidden) return this.close()
    await this.rater.client.flush()
    try {
      const { rated } = await this.rater.client.ask({ action: "rated" })
      this.draw(rated)
    } catch (error) {
      if (!(error instanceof WorkError)) throw error
      this.rater.say(error.message, true)
    }
  }

  draw(rated) {
    const rows = rated.map((one) => element("li", {},
      button({ class: "quiet", onclick: () => this.change(one) },
        element("span", { class: "when" }, whenText(one.at).split(", ").pop()),
        element("span", { class: "what" }, one.instruction || "—"),
        element("span", { class: "said" }, CHOICE_WORDS[one.choice]))))
    this.box.replaceChildren(
      element("p", {}, rows.length ? "Choose one to change it: it comes back with all that you entered."
        : "Nothing of today is left."),
      element("ol", {}, ...rows))
    this.box.hidden = false
    this.button.setAttribute("aria-expanded", "true")
    this.box.scrollIntoView({ block: "nearest" })
    this.box.querySelector("li button")?.focus()
  }

  async change({ submission_id }) {
    this.close()
    await this.rater.takeBack(submission_id)
  }
}
