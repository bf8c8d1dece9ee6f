"""The charts of the pages about the bill: spend by month, by place, what moved, what commitments cover."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard.charts_kinds import marks
from dashboard.charts_kinds.marks import BAR, BLUE, GRAY, GREEN, ORANGE, VIOLET
from optima import bill
from optima.wording import COMPONENTS

# Components share a colour by what they are; a tooltip names each.
_PARTS = {
    "reads": (BLUE, ("read",)),
    "writes": (ORANGE, ("write", "replicated_write")),
    "storage": (GREEN, ("storage",)),
    "other use": (
        VIOLET,
        ("pitr", "backup", "restore", "export", "import", "streams", "transfer", "other"),
    ),
    "fees, taxes, credits": (GRAY, ("commitment", "discount", "tax", "credit")),
}
_PART_OF = {component: part for part, (_, components) in _PARTS.items() for component in components}
_ORDER = list(_PARTS)
_COVERED = {"reserved": BLUE, "Savings Plan": GREEN, "free tier": VIOLET, "uncovered": GRAY}
_BOUGHT = {"saves a month": BLUE, "at worst, paid a month for nothing": ORANGE}
SAVES, AT_WORST = _BOUGHT
# Pixels: a month's bar at most, the chart by month, the page's smaller ones.
_MONTH, _HEIGHT = 56, 260
# How much of its colour a bar has that may still grow.
_SO_FAR = 0.45
# Lines of a chart; the list beside it has more.
MOST_BARS = 10

Rows = Sequence[Mapping[str, Any]]


def legend(components: Iterable[str]) -> str:
    """Return the legend of the chart by month or component, as Markdown; empty where none is told apart."""
    parts = {_PART_OF[component] for component in components if component in _PART_OF}
    if not parts:
        return ""
    return marks.legend(*((colour, "■", part) for part, (colour, _) in _PARTS.items() if part in parts))


def by_month(rows: Rows, currency: str | None, height: int = _HEIGHT) -> alt.LayerChart:
    """Draw what was billed in each month: a bar of its components, pale where the month goes on."""
    found = _by_component(rows)
    found = found.assign(
        month=[
            bill.written(row["billing_month"]) + ("" if row["is_complete"] else " so far") for row in rows
        ],
        strength=[1.0 if row["is_complete"] else _SO_FAR for row in rows],
        shade=GRAY,
    )
    months = alt.X("month:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True))
    base = alt.Chart(found, height=height)
    bars = base.mark_bar(size=min(_MONTH, 600 // max(found["month"].nunique(), 1))).encode(
        x=months,
        y=alt.Y("cost:Q", stack="zero", title=None, axis=_axis(currency)),
        color=marks.painted(),
        opacity=alt.Opacity("strength:Q", scale=None, legend=None),
        order=alt.Order("place:Q"),
        tooltip=[
            marks.text("month", "Month"),
            marks.text("name", "Component"),
            _amount("cost", "Cost", currency),
        ],
    )
    totals = base.mark_text(baseline="bottom", dy=-4).encode(
        x=months,
        y=alt.Y("sum(cost):Q"),
        text=alt.Text("sum(cost):Q", format=_format(currency, ",.0f")),
        color=marks.painted("shade"),
    )
    return alt.LayerChart(layer=[bars, totals])


def by_component(rows: Rows, currency: str | None) -> alt.LayerChart:
    """Draw what each component costs, in the order of the rows; what is credited reaches to the left."""
    return _labelled_bars(_by_component(rows), "name", "Component", currency)


def by_place(places: pd.DataFrame, currency: str | None) -> alt.LayerChart:
    """Draw what each place costs, the first `MOST_BARS`; columns: place, cost."""
    return _labelled_bars(places.head(MOST_BARS).assign(colour=BLUE), "place", "Where", currency)


def components_height(rows: Rows) -> int:
    """Height in pixels of the chart by component, which the one by month beside it shares."""
    return max(_HEIGHT, marks.bars_height(len(rows)))


def movers(moved: pd.DataFrame, currency: str | None) -> alt.Chart:
    """Draw what changed a day, rises in one colour and falls in another.

    Columns: label, account_name, region, per_day, before_per_day, change_per_day.
    """
    found = moved.assign(colour=(moved["change_per_day"] > 0).map({True: ORANGE, False: GREEN}))
    chart: alt.Chart = (
        alt.Chart(found, height=marks.bars_height(len(found)))
        .mark_bar(size=BAR)
        .encode(
            y=_lines(found["label"], "label"),
            x=_x("change_per_day", currency, places=2),
            color=marks.painted(),
            tooltip=[
                marks.text("label", "Table"),
                marks.text("account_name", "Account"),
                marks.text("region", "Region"),
                _amount("before_per_day", "Cost a day before", currency),
                _amount("per_day", "Costs a day now", currency),
                _amount("change_per_day", "Change a day", currency),
            ],
        )
    )
    return chart


def coverage(pools: pd.DataFrame) -> alt.Chart:
    """Draw what covered the use of each pool; columns: pool, covered, usd at list prices."""
    found = pools.assign(colour=pools["covered"].map(_COVERED))
    order = list(dict.fromkeys(found["pool"]))
    chart: alt.Chart = (
        alt.Chart(found, height=marks.bars_height(len(order)))
        .mark_bar(size=BAR)
        .encode(
            y=_lines(order, "pool"),
            x=alt.X("usd:Q", stack="zero", title="USD at list prices", axis=_axis("USD")),
            color=marks.painted(),
            order=alt.Order("place:Q"),
            tooltip=[
                marks.text("pool", "What"),
                marks.text("covered", "Covered by"),
                _amount("usd", "At list prices", "USD"),
            ],
        )
    )
    return chart


def coverage_legend(covered: Iterable[str]) -> str:
    """Return the legend of the chart of coverage."""
    found = set(covered)
    return marks.legend(*((colour, "■", name) for name, colour in _COVERED.items() if name in found))


def options(found: pd.DataFrame) -> alt.Chart:
    """Draw what each way of buying saves a month, and what it costs if all use vanishes.

    Columns: option, meaning (`SAVES` or `AT_WORST`), usd.
    """
    rows = found.assign(colour=found["meaning"].map(_BOUGHT))
    order = list(dict.fromkeys(rows["option"]))
    chart: alt.Chart = (
        alt.Chart(rows, height=marks.bars_height(len(order), len(_BOUGHT)))
        .mark_bar(size=BAR)
        .encode(
            y=_lines(order, "option"),
            yOffset=alt.YOffset("meaning:N", sort=list(_BOUGHT)),
            x=_x("usd", "USD"),
            color=marks.painted(),
            tooltip=[
                marks.text("option", "Option"),
                marks.text("meaning", "What"),
                _amount("usd", "A month", "USD"),
            ],
        )
    )
    return chart


OPTIONS_LEGEND = marks.legend(*((colour, "■", meaning) for meaning, colour in _BOUGHT.items()))


def _labelled_bars(found: pd.DataFrame, field: str, title: str, currency: str | None) -> alt.LayerChart:
    """Draw one bar for each row, with its cost behind it."""
    base = alt.Chart(found.assign(shade=GRAY)).encode(
        y=_lines(found[field], field),
        x=_x("cost", currency),
        tooltip=[marks.text(field, title), _amount("cost", "Cost", currency)],
    )
    bars = base.mark_bar(size=BAR).encode(color=marks.painted())
    amounts = base.mark_text(align="left", dx=4).encode(
        x=alt.X("end:Q"),
        text=alt.Text("cost:Q", format=_format(currency, ",.2f")),
        color=marks.painted("shade"),
    )
    # Behind what is credited the label stands at zero, where it hides no other.
    return alt.LayerChart(
        layer=[bars, amounts.transform_calculate(end="max(datum.cost, 0)")],
        height=marks.bars_height(len(found)),
    )


def _by_component(rows: Rows) -> pd.DataFrame:
    parts = [_PART_OF.get(row["component"], _ORDER[0]) for row in rows]
    return pd.DataFrame(
        {
            "name": [COMPONENTS.get(row["component"], row["component"]) for row in rows],
            "colour": [_PARTS[part][0] for part in parts],
            "place": [_ORDER.index(part) for part in parts],
            "cost": [float(row["cost"]) for row in rows],
        }
    )


def _lines(order: Iterable[str], field: str) -> alt.Y:
    return alt.Y(f"{field}:N", sort=list(order), title=None, axis=alt.Axis(labelLimit=marks.LABEL))


def _x(field: str, currency: str | None, places: int = 0) -> alt.X:
    return alt.X(f"{field}:Q", title=None, axis=_axis(currency, places))


def _axis(currency: str | None, places: int = 0) -> alt.Axis:
    return alt.Axis(format=_format(currency, f",.{places}f" if places else ",~f"), tickCount=5)


def _amount(field: str, title: str, currency: str | None) -> alt.Tooltip:
    named = title if currency == "USD" else f"{title}, {bill.currency_name(currency)}"
    return alt.Tooltip(f"{field}:Q", title=named, format=_format(currency, ",.2f"))


def _format(currency: str | None, digits: str) -> str:
    return f"${digits}" if currency == "USD" else digits
