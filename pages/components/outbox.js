// The outbox: submissions that the server has not yet named in `saved`.
//
// A submission goes in before it travels, and stays in localStorage through a reload, a dead
// server or a lost network. Its submission_id is the row's key, so sending it twice is one row.

const OUTBOX = "touchstone.outbox."

class Outbox {
  constructor(name) {
    this.key = OUTBOX + name
    this.unstored = [] // where the browser's storage is full or forbidden
  }

  get items() {
    return [...(readStored(this.key)?.items ?? []), ...this.unstored]
  }

  has(id) {
    return this.items.some((item) => item.submission_id === id)
  }

  // Whether it also survives a reload.
  add(item) {
    const others = (readStored(this.key)?.items ?? [])
      .filter((one) => one.submission_id !== item.submission_id)
    if (writeDraft(this.key, { items: [...others, item] })) return true
    this.unstored.push(item)
    return false
  }

  take(ids) {
    const gone = (item) => ids.includes(item.submission_id)
    this.unstored = this.unstored.filter((item) => !gone(item))
    const stored = readStored(this.key)?.items ?? []
    const left = stored.filter((item) => !gone(item))
    if (left.length === stored.length) return
    if (left.length) writeDraft(this.key, { items: left })
    else dropDraft(this.key)
  }
}
