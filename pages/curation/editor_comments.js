// Comments on the example that is open: a thread below its history. What is typed and not sent stays
// in this browser.

const SAYING = "touchstone.comment."

function commentsBox(editor) {
  const { data, page } = editor
  const key = `${SAYING}${page.person}.${data.example_id}`
  const area = element("textarea", { id: "say", rows: "2", maxlength: "2000", "aria-label": "A comment on this example",
    placeholder: page.people.length ? `Write @${page.people[0]} to tell somebody` : "Say something about this example",
    oninput: () => {
      if (area.value.trim()) writeDraft(key, { text: area.value })
      else dropDraft(key)
      grow(area)
    } })
  area.value = readStored(key)?.text ?? ""
  const wrong = element("p", { class: "missing", role: "alert" })
  const list = element("ol", {})
  const summary = element("summary", {})
  const draw = () => {
    summary.replaceChildren(`Comments (${many(data.comments.length)})`,
      ...(data.mentioned ? [element("b", { class: "changed" }, "You are mentioned")] : []))
    list.replaceChildren(...data.comments.map(({ at, person, text }) =>
      element("li", {}, element("time", {}, whenText(at)), element("span", {}, element("b", {}, person), ` ${text}`))))
  }
  const id = crypto.randomUUID()
  let sending = false
  const send = async () => {
    if (sending || !area.value.trim()) return
    sending = true
    try {
      const { comments } = await editor.client.ask({ action: "comment", submission_id: id,
        example_id: data.example_id, comment: area.value, next: false })
      dropDraft(key)
      data.comments = comments
      if (editor.data === data) box.replaceWith(commentsBox(editor))
    } catch (error) {
      if (!(error instanceof WorkError)) throw error
      wrong.textContent = error.passes ? "The server does not answer. Your comment is kept here; send it again." : error.message
    } finally {
      sending = false
    }
  }
  const names = page.people.slice(0, 12).map((name) => element("button", { type: "button", class: "chip", onclick: () => {
    area.setRangeText(`@${name} `, area.selectionStart, area.selectionEnd, "end")
    area.dispatchEvent(new Event("input"))
    area.focus()
  } }, `@${name}`))
  const open = editor.saying ?? Boolean(data.mentioned || area.value)
  const box = element("details", { class: "comments", open,
    ontoggle: () => {
      editor.saying = box.open
      if (box.open && data.mentioned) editor.readComments()
    } },
  summary, list, area, wrong,
  element("div", { class: "row" }, element("button", { type: "button", onclick: send }, "Comment"), ...names))
  box.send = send
  draw()
  return box
}
