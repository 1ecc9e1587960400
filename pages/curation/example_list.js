// A page of examples as rows that open with a click or the Enter key; plain text only.

const SIGNS = {
  "": "",
  new: "○ new",
  annotated: "◐ annotated",
  sent_back: "↩ sent back",
  accepted: "✓ accepted",
  set_aside: "— set aside",
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".list")
  root.replaceChildren(
    ...data.examples.map((one) => {
      const about = [one.instruction, one.input].filter(Boolean).join(" · ")
      return element(
        "button",
        {
          type: "button",
          "aria-current": String(one.example_id === data.open),
          onclick: () => setTriggerValue("opened", one.example_id),
        },
        element("span", { class: "number" }, String(one.position)),
        element("span", { class: "text" }, about),
        element("span", { class: "text output" }, one.output || "no output"),
        element("span", { class: "state" }, SIGNS[one.state], one.flagged ? " ⚑ flagged" : "",
          one.critical ? element("span", { class: "assignee" }, "② critical") : null,
          one.accepts ? element("span", { class: "assignee" }, `accepted by ${one.accepts} so far`) : null,
          one.assignee ? element("span", { class: "assignee" }, one.assignee) : null),
      )
    }),
  )
}
