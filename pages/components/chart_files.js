/* Saves the chart above it as a picture with its title. Plotly draws it in the browser: the button
   of its own mode bar is called with a copy of the chart, as Streamlit gives no other way to it. */
const LINE = 24 // px of one line of the title
const LETTER = 8.6 // px, on average, at 16 px

export default function ({ data, parentElement }) {
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = () => save(data, button.dataset.format)
    button.setAttribute("aria-label", `${button.textContent} of: ${data.title}`)
  }
}

function save({ chart, title, file }, format) {
  const plot = document.querySelector(`.st-key-${chart} .js-plotly-plot`)
  const buttons = plot?._fullLayout?._modeBar?.buttons.flat() ?? []
  const camera = buttons.find((one) => one.name === "toImage")
  if (!camera) throw new Error("The chart is not drawn yet.")
  const { width, height } = plot._fullLayout
  const lines = wrapped(title, (width - 24) / LETTER)
  const above = 12 + LINE * lines.length
  const layout = {
    ...plot.layout,
    autosize: false,
    width,
    height: height + above,
    margin: { ...plot.layout.margin, t: (plot.layout.margin?.t ?? 0) + above },
    title: {
      text: lines.map(escaped).join("<br>"),
      x: 0, xanchor: "left", xref: "container", y: 1, yanchor: "top", yref: "container",
      pad: { t: LINE, l: 12 }, // to the baseline of the first line
      font: { ...plot.layout.font, size: 16 },
    },
  }
  const picture = { format, filename: file, width, height: height + above }
  if (format === "png") picture.scale = 2
  camera.click({
    data: plot.data,
    layout,
    config: { locale: plot._context.locale },
    _context: { ...plot._context, displayNotifier: false, toImageButtonOptions: picture },
  })
}

function wrapped(text, most) {
  const lines = [""]
  for (const word of text.split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trim()
    if (longer.length > most && lines.at(-1)) lines.push(word)
    else lines[lines.length - 1] = longer
  }
  return lines
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
}
