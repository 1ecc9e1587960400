"""What every chart shares: slate for the baseline, gold for the candidate, its data as CSV.

    fig = charts.figure("Validation loss falls to 0.12", y="loss (nats per token)")
    charts.lines(fig, steps, losses, name="validation", colour=charts.CANDIDATE)
    charts.show(fig, rows, "losses.csv")

Plotly is imported when the first chart is drawn. Both colours keep 3 : 1 on white and on the dark
theme's ground; text and grid come from Streamlit's theme, so that both themes are legible.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.components.assets import asset
from pages.components.errors import escaped

BASELINE = "#64748b"
CANDIDATE = "#b7791f"
NEUTRAL = "#3b82a6"
SERIES = (NEUTRAL, BASELINE, CANDIDATE, "#7c5cad", "#2f8f6b", "#b0566f")
CONFIG = {
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],  # hidden; the buttons beneath call it
    "responsive": True,
    "scrollZoom": False,
}
GROUND = {"light": "#fbfbfa", "dark": "#14181c"}  # as in .streamlit/config.toml
INK = {"light": "#3d4852", "dark": "#c3cad1"}
_files = st.components.v2.component(
    "touchstone_chart_files",
    html='<div class="files"><button data-format="svg">SVG</button>'
    '<button data-format="png">PNG</button></div>',
    css=asset("components/chart_files.css"),
    js=asset("components/chart_files.js"),
)
FORMULA_START = ("=", "+", "-", "@", "\t", "\r")


def figure(title: str, *, x: str = "", y: str = "", height: int = 320) -> Any:
    """An empty figure. `title` is the answer, not the question; `x` and `y` name axes with units.

    The title is drawn above the chart by `show`, where it wraps on a phone.
    """
    import plotly.graph_objects as go

    theme = "dark" if st.context.theme.type == "dark" else "light"
    fig = go.Figure()
    fig.update_layout(
        meta={"title": title},
        height=height,
        margin={"l": 8, "r": 16, "t": 12, "b": 8},
        paper_bgcolor=GROUND[theme],  # a saved picture has no page behind it
        plot_bgcolor="rgba(0,0,0,0)",
        hovermode="closest",
        showlegend=False,
        font={"size": 14},
        barmode="group",
    )
    # Streamlit's theme writes axes paler than 4.5 : 1.
    text = {"color": INK[theme], "size": 14}
    axis = {"automargin": True, "fixedrange": True, "zeroline": False, "tickfont": text}
    fig.update_xaxes(title={"text": x, "font": text}, **axis)
    fig.update_yaxes(title={"text": y, "font": text}, **axis)
    fig.update_layout(font=text)
    return fig


def lines(
    fig: Any,
    xs: Sequence[float],
    ys: Sequence[float],
    *,
    name: str,
    colour: str = NEUTRAL,
    dash: str = "solid",
    markers: bool = False,
    label: str = "top left",
) -> Any:
    """Add a line, its name written at its last point in place of a legend; the figure.

    `label` says where: give the lower one of two lines “bottom left”, and "" to lines that end
    anywhere, for which `legend` says the names.
    """
    last = len(xs) - 1
    drawn = ["lines", "markers" if markers else "", "text" if label else ""]
    fig.add_scatter(
        x=list(xs),
        y=list(ys),
        mode="+".join(filter(None, drawn)),
        line={"color": colour, "width": 2.5, "dash": dash},
        marker={"color": colour, "size": 7},
        text=[plain_text(name) if i == last else "" for i in range(len(xs))],
        textposition=label or None,
        cliponaxis=False,
        name=plain_text(name),
        hovertemplate="%{x}: %{y:.4g}<extra>%{fullData.name}</extra>",
    )
    return fig


def legend(fig: Any) -> None:
    """Name the lines above the plot, in rows that wrap on a phone."""
    place = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    fig.update_layout(showlegend=True, legend={**place, "itemclick": False})


def confusion(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    counts: Sequence[Sequence[int]],
    most_cells: int,
) -> Any:
    """A confusion matrix: references down, answers across, darker where there are more; the counts
    are written into the cells up to `most_cells` rows."""
    fig = figure(title, x="answer", y="reference", height=max(240, 120 + 34 * len(rows)))
    fig.add_heatmap(
        x=[plain_text(name) for name in columns],
        y=[plain_text(name) for name in rows],
        z=[list(row) for row in counts],
        text=[list(row) for row in counts],
        texttemplate="%{text}" if len(rows) <= most_cells else "",
        colorscale=[[0, "rgba(59, 130, 166, 0.06)"], [1, NEUTRAL]],
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="reference %{y}, answer %{x}: %{z}<extra></extra>",
    )
    angle = -40 if len(columns) > 4 else 0
    fig.update_xaxes(type="category", side="bottom", tickangle=angle, showgrid=False)
    fig.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return fig


def log_axis(fig: Any, values: Sequence[float]) -> None:
    """Make the y axis logarithmic, with few enough ticks to be read on a phone: 1, 2 and 5 of each
    decade, or the decades alone where there are many."""
    above = [value for value in values if value > 0]
    if not above:
        return
    low, high = math.floor(math.log10(min(above))), math.ceil(math.log10(max(above)))
    within_a_decade = max(above) < 10 * min(above)
    steps = range(1, 10) if within_a_decade else (1, 2, 5) if high - low <= 3 else (1,)
    ticks = [step * 10.0**power for power in range(low, high + 1) for step in steps]
    fig.update_yaxes(type="log", tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks])


def show(
    fig: Any,
    data_rows: Sequence[Mapping[str, Any]],
    file_name: str,
    *,
    key: str | None = None,
    choose: bool = False,
) -> list[Any]:
    """Draw the title and the chart; beneath, the rows behind it as a CSV file and the chart with
    its title as an SVG or PNG file, made in the browser.

    `key` is needed where two charts of one page share a file name. With `choose` a click on a point
    runs the page again, and the `customdata` of the chosen points are returned.
    """
    name = re.sub(r"\W+", "_", key or file_name, flags=re.ASCII)
    title = (fig.layout.meta or {}).get("title", "")
    st.markdown(f"**{escaped(title)}**")
    about_chart: Any = {"config": CONFIG, "key": f"chart_{name}", "alt": title}
    chosen: list[Any] = []
    if choose:
        event = st.plotly_chart(fig, on_select="rerun", selection_mode="points", **about_chart)
        chosen = [point.get("customdata") for point in event["selection"]["points"]]
    else:
        st.plotly_chart(fig, **about_chart)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if data_rows:
            csv_button(lambda: as_csv(data_rows), file_name, f"csv_{name}")
        about = {"chart": f"chart_{name}", "title": title, "file": file_name.removesuffix(".csv")}
        _files(data=about, key=f"files_{name}", width="content")
    return chosen


def csv_button(text: Callable[[], str], file_name: str, key: str) -> None:
    """A button that saves the rows behind a table or chart; `text` is asked for when pressed."""
    st.download_button(
        "Data as CSV",
        text,
        file_name=file_name,
        mime="text/csv",
        key=key,
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as CSV; a text that a spreadsheet would run as a formula gets a quote before it."""
    out = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([[_safe_cell(row.get(name)) for name in names] for row in rows])
    return out.getvalue()


def _safe_cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_START) else value


def plain_text(text: str) -> str:
    """A text as a chart shows it."""
    # Plotly reads a little HTML in labels; a name must not become a link.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
