// What stands around a blind pair: messages, the way on, how much is rated.

const FRESH = 8 * 60_000 // within the lease of a pair that was fetched ahead
const LOOK_AGAIN = 30_000

class RaterFrame {
  frame() {
    const { root } = this
    this.message = element("p", { class: "message", role: "status" })
    this.sendAgain = button({ class: "again", hidden: true, onclick: () => this.saveAgain() }, "Save again")
    this.undo = button({ class: "again", hidden: true, onclick: () => this.takeBack() }, "Undo",
      element("kbd", {}, "Z"))
    this.save = button({ class: "save", hidden: true, onclick: () => this.submit() }, "Save and next",
      element("kbd", {}, "Enter"))
    this.rated = new RatedToday(this)
    this.coverage = element("div", { class: "coverage" })
    this.choices = element("div")
    this.foot = element("footer", {}, this.choices, this.coverage,
      element("div", { class: "act" }, this.message, this.rated.button, this.undo, this.sendAgain, this.save))
    this.stage = element("div", { class: "stage" })
    root.replaceChildren(this.stage, this.rated.box, this.foot)
    root.tabIndex = -1
  }

  drawNothing(message) {
    const words = message ?? { title: "Nothing to rate right now", text: "" }
    this.choices.replaceChildren()
    if (this.stage.querySelector(".empty h3")?.textContent === words.title) return
    this.stage.replaceChildren(emptyBox(words.title, words.text ?? words.message, ...this.page.links.map(pageLink)))
  }

  progress(figures) {
    if (!figures?.pairs) return
    this.rated.button.hidden = !figures.can_undo || this.client.busy
    this.undo.hidden = this.rated.button.hidden || Boolean(this.question)
    const { judged, reviewed, least, pairs } = figures
    const counts = element("b", {}, `${many(judged)} of ${many(pairs)} pairs rated`)
    const drawn = pairs < least ? `, ${many(pairs)} drawn` : ""
    const rule = reviewed >= least
      ? `10 % rule met: ${many(least)} needed`
      : `10 % rule: ${many(reviewed)} of ${many(least)} needed${drawn}`
    const bar = element("progress", { max: pairs, value: judged, "aria-label": "Pairs rated" })
    const text = least === null
      ? element("span", {}, counts)
      : element("span", { title: "“Cannot judge” does not count for the 10 % rule." }, counts, ` · ${rule}`)
    this.coverage.replaceChildren(bar, text)
  }

  say(text, wrong = false) {
    this.message.textContent = text
    this.message.classList.toggle("wrong", wrong)
  }

  // Say what is missing, and bring it into sight.
  refuse(missing) {
    this.say(missing.text, true)
    if (missing.name) this.cursor = this.firstEmpty()
    this.view.update()
    if (missing.remark) {
      this.view.remark(missing.remark).focus({ preventScroll: true })
      this.reveal(this.view.remark(missing.remark))
    } else if (missing.name) this.reveal()
  }

  // Scroll what a key or a refusal names into view, above the footer; the cursor's row by default.
  reveal(target = this.view.row(this.order[Math.min(this.cursor, this.order.length - 1)])) {
    this.root.style.setProperty("--foot", `${this.foot.offsetHeight}px`)
    target.scrollIntoView({ block: "nearest" })
  }
}
