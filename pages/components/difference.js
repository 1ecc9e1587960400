export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".difference")
  root.replaceChildren(
    ...data.fields.map(({ name, changes }) =>
      element("div", { class: "field" }, element("h4", {}, name), drawChanges(changes)),
    ),
  )
}
