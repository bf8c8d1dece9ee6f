"""What these charts have in common: the theme's colours, labels of tables, axes, tooltips, legends."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

# The names that the theme gives to its chart colours, in their order. Rows carry them in `colour`.
COLOURS = ("blue", "orange", "green", "violet", "gray")
BLUE, ORANGE, GREEN, VIOLET, GRAY = COLOURS
# Pixels: one bar, the space between groups of bars, the axis below them, the longest name before them.
BAR, GAP, AXIS, LABEL = 14, 14, 60, 230
HEIGHT, TALL = 300, 440
# What is selected by a click: the table as addresses name it.
CHOSEN = "chosen"

_USD = "$,.2f"
_AXIS_USD = "$,~f"
_UNITS = ",.1~f"
_PERCENT = ".1~%"
_SCALE = alt.Scale(domain=list(COLOURS))


def painted(field: str = "colour") -> alt.Color:
    """Colour by the name in a field."""
    return alt.Color(f"{field}:N", scale=_SCALE, legend=None)


def paint(chart: alt.Chart, colour: str) -> alt.Chart:
    """Colour a whole layer with one of the theme's colours."""
    painted_chart: alt.Chart = chart.transform_calculate(paint=f"'{colour}'").encode(color=painted("paint"))
    return painted_chart


def legend(*entries: tuple[str, str, str]) -> str:
    """Return a legend as Markdown, from pairs of colour, sign and meaning.

    Vega would start a legend where the marks start and cut off what does not fit into a narrow column.
    """
    # A sign and its meaning stay on one line.
    written = " &ensp; ".join(
        f":{colour}[{sign}]&nbsp;{meaning.replace(' ', '&nbsp;')}" for colour, sign, meaning in entries
    )
    return f":small[{written}]"


def labelled(rows: pd.DataFrame) -> pd.DataFrame:
    """Add what a chart calls each row and what a click on it selects: `label`, `at`.

    The label is the table's name, with its index, region and account only where others have the same name.
    """
    at = rows["account_id"] + "/" + rows["region"] + "/" + rows["table_name"]
    label = rows["table_name"].astype(object)
    if "index_name" in rows:
        index = rows["index_name"].astype(object)
        label = label.where(index.isna(), label + " · " + index.fillna(""))
    for column in ("region", "account_name", "account_id"):
        label = label.where(~_is_shared(label, at), label + " · " + rows[column])
    return rows.assign(label=label, at=at)


def _is_shared(label: pd.Series, at: pd.Series) -> pd.Series:
    """Say which labels are those of several tables. Rows of one table may well have one label."""
    return at.groupby(label).transform("nunique") > 1


def names(sort: Sequence[str]) -> alt.Y:
    """One line for each label, in this order."""
    return alt.Y("label:N", sort=list(sort), title=None, axis=alt.Axis(labelLimit=LABEL, labelFlush=False))


def usd(field: str, title: str | None = "USD a month") -> alt.X:
    """An axis of dollars from zero."""
    return alt.X(f"{field}:Q", title=title, axis=alt.Axis(format=_AXIS_USD, tickCount=5))


def log_usd(field: str, title: str) -> alt.Y:
    """An axis of dollars above zero, each step ten times the one before."""
    return alt.Y(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(type="log"),
        axis=log_axis("$"),
    )


def log_axis(sign: str = "") -> alt.Axis:
    """The axis of a logarithmic scale, with labels at the powers of ten alone."""
    whole = "abs(log(datum.value) / LN10 - round(log(datum.value) / LN10)) < 0.01"
    return alt.Axis(labelExpr=f"{whole} ? '{sign}' + format(datum.value, ',~r') : ''", grid=False)


def units(field: str) -> alt.Y:
    """An axis of capacity units a second, from zero."""
    return alt.Y(f"{field}:Q", title="units a second", axis=alt.Axis(format=",~f", tickCount=5))


def instants(field: str) -> alt.X:
    """An axis of UTC instants."""
    return alt.X(
        f"{field}:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%b %d", tickCount=7)
    )


def filling(advice: pd.Series) -> pd.Series:
    """Return how opaque points are inside: full where something is to change, hollow where not."""
    return (advice == "change").map({True: 0.85, False: 0.0})


def points(rows: pd.DataFrame) -> alt.Chart:
    """Draw a point a row in its `colour`, full or hollow as `filling` says in its `filling`."""
    drawn: alt.Chart = (
        alt.Chart(rows)
        .mark_point(size=80, strokeWidth=1.5, opacity=1)
        .encode(
            color=painted(),
            fill=alt.Fill("colour:N", scale=_SCALE, legend=None),
            fillOpacity=alt.FillOpacity("filling:Q", scale=None),
        )
        .add_params(by_table())
    )
    return drawn


def where() -> list[alt.Tooltip]:
    """The lines of a tooltip that name a table."""
    return [text("table_name", "Table"), text("account_name", "Account"), text("region", "Region")]


def text(field: str, title: str) -> alt.Tooltip:
    """A line of a tooltip."""
    return alt.Tooltip(f"{field}:N", title=title)


def amount(field: str, title: str) -> alt.Tooltip:
    """A line of a tooltip in USD."""
    return alt.Tooltip(f"{field}:Q", title=title, format=_USD)


def quantity(field: str, title: str) -> alt.Tooltip:
    """A line of a tooltip that counts units."""
    return alt.Tooltip(f"{field}:Q", title=title, format=_UNITS)


def percentage(field: str, title: str) -> alt.Tooltip:
    """A line of a tooltip with a ratio as a percentage."""
    return alt.Tooltip(f"{field}:Q", title=title, format=_PERCENT)


def number(field: str, title: str) -> alt.Tooltip:
    """A line of a tooltip with a plain number of two or three digits that count."""
    return alt.Tooltip(f"{field}:Q", title=title, format=",.3~g")


def hour(field: str, title: str) -> alt.Tooltip:
    """A line of a tooltip with a UTC instant."""
    return alt.Tooltip(f"{field}:T", title=title, format="%Y-%m-%d %H:%M")


def by_table() -> alt.Parameter:
    """The selection that a click on a mark makes: the table that it stands for."""
    return alt.selection_point(name=CHOSEN, fields=["at"], toggle=False)


def bars_height(lines: int, per_line: int = 1) -> int:
    """Height in pixels of a chart of so many lines, each with so many bars."""
    return lines * (per_line * BAR + GAP) + AXIS
