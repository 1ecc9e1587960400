// Drafts of the editor: kept in this browser with every key stroke, on the server within two seconds.

class Drafting extends Surface {
  get draftKey() {
    return draftKey(this.owner, this.data.example_id, this.data.based_on)
  }

  // The newest of what this browser and the server kept for the state of the example that is shown;
  // else what was typed for an earlier one.
  restore() {
    const { example_id, based_on, draft } = this.data
    const here = readStored(this.draftKey)
    const there = draft && { ...draft.fields, ...draft, time: Date.parse(`${draft.saved_at}Z`) || Date.now() }
    const matching = there?.based_on === based_on ? there : null
    const chosen = here && !here.kept ? here : matching ?? here
    if (chosen && differs(chosen, this.form)) {
      this.restored = chosen.time
      this.take(chosen)
    }
    if (chosen) return
    this.older = olderDraft(this.owner, example_id, based_on) ?? (there && { key: null, draft: there })
    if (this.older && !differs(this.older.draft, this.form)) this.older = null
  }

  take(draft) {
    for (const name of Object.keys(this.form)) if (name in draft) this.form[name] = structuredClone(draft[name])
    this.form.labels = fittingLabels(this.form.labels, this.page.schema)
    for (const name of FIELDS) if (this.form[name] !== this.data.fields[name]) this.editing.add(name)
  }

  changed() {
    if (!differs(this.form, fresh(this.data, this.page.schema))) dropDraft(this.draftKey)
    else if (!writeDraft(this.draftKey, this.form)) this.status("This browser keeps no drafts; the server does", true)
    else this.status("")
    this.label?.()
    this.autosave.typed()
  }

  draft() {
    return this.submission("draft")
  }

  // Whether the server has it now.
  async keepOnServer() {
    const { draftKey: key } = this
    const text = JSON.stringify(this.form)
    const kept = await this.client.draft(this.draft())
    if (!this.data || key !== this.draftKey || !readStored(key)) return kept
    if (!kept) this.status("Offline: draft kept in this browser", true)
    else if (JSON.stringify(this.form) === text) {
      writeDraft(key, { ...this.form, kept: true })
      this.status("Draft saved")
    }
    return kept
  }

  async discard() {
    dropDraft(this.draftKey)
    if (this.older?.key) dropDraft(this.older.key)
    this.autosave.cancel()
    this.data = { ...this.data, draft: null }
    this.open({})
    this.focus("output")
    await this.client.ask(this.submission("discard")).catch(() => null)
  }

  // The text for an earlier state becomes the one for this state.
  putIn() {
    const { key, draft } = this.older
    this.take(draft)
    this.older = null
    this.changed()
    if (key) dropDraft(key)
    this.draw()
  }

  // Somebody's annotation becomes the text of the form.
  choose(letter) {
    const one = this.data.annotations.find(({ name }) => name === letter)
    this.take({ ...one.fields, labels: one.labels, quality: one.quality, chosen: letter })
    for (const name of FIELDS) if (this.form[name] === this.data.fields[name]) this.editing.delete(name)
    this.changed()
    this.draw()
    this.focus("root")
  }

  // One after the other, as often as the key is struck.
  chooseNext() {
    const names = this.data.annotations.map(({ name }) => name)
    this.choose(names[(names.indexOf(this.form.chosen) + 1) % names.length])
  }

  get edited() {
    return FIELDS.some((name) => this.form[name] !== this.data.fields[name])
  }

  // Whether the form is an annotation as it was written.
  get asChosen() {
    const one = this.data.annotations.find(({ name }) => name === this.form.chosen)
    return Boolean(one) && FIELDS.every((name) => this.form[name] === one.fields[name])
  }
}

function marksOf({ labels, quality, comment, chosen }) {
  return { labels, quality, comment, ...(chosen ? { chosen } : {}) }
}

function fresh(task, schema) {
  const { fields, labels, quality } = structuredClone(task)
  // A lead may have taken a label out of the schema since, or made another kind of it.
  const several = task.annotations?.length ? { chosen: "" } : {}
  return { ...fields, labels: fittingLabels(labels, schema), quality, comment: "", ...several }
}

function differs(draft, form) {
  return Object.keys(form).some((name) => name in draft && JSON.stringify(draft[name]) !== JSON.stringify(form[name]))
}
