"""The charts. A kind has the same colour in all of them; colours and fonts come from the theme."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard import wording
from dashboard.data.savings import KindTotal
from optima.wording import KINDS, kind_order

_USD = "$,.2f"
_AXIS_USD = "$,.0f"
# Pixels: one bar, the space between groups of bars, the axis below them, the longest name before them.
_BAR, _GAP, _AXIS, _LABEL = 14, 12, 30, 230
# The names that the theme gives to the colours of charts, in their order.
_COLOURS = ("blue", "orange", "green", "violet", "gray")
# Places that get bars of their own; the list below the charts has them all.
MOST_PLACES = 10


def legend(kinds: Iterable[str]) -> str:
    """Return the legend of these kinds, as Markdown.

    Vega would start a legend where the bars start and cut off what does not fit into a narrow column.
    """
    everywhere = _everywhere(kinds)
    colours = {kind: _COLOURS[min(place, len(_COLOURS) - 1)] for place, kind in enumerate(everywhere)}
    present = sorted(set(kinds), key=kind_order)
    return (
        ":small["
        + " &ensp; ".join(f":{colours[kind]}[■] {wording.kind_name(kind)}" for kind in present)
        + "]"
    )


def by_kind(totals: Sequence[KindTotal]) -> alt.LayerChart:
    """Draw what each kind saves a month, in front of what the tables and indexes concerned cost now."""
    rows = pd.DataFrame(
        {
            "kind": [total.kind for total in totals],
            "kind_name": [wording.kind_name(total.kind) for total in totals],
            "cost": [float(total.current_monthly_cost_usd) for total in totals],
            "saving": [float(total.monthly_savings_usd) for total in totals],
        }
    )
    base = alt.Chart(rows).encode(
        y=alt.Y("kind_name:N", sort=None, title=None),
        color=_colour(rows["kind"]),
        tooltip=[
            _text("kind_name", "Kind"),
            _amount("cost", "Costs now, USD a month"),
            _amount("saving", "Saves, USD a month"),
        ],
    )
    cost = base.mark_bar(opacity=0.35).encode(x=_usd("cost"))
    saving = base.mark_bar().encode(x=_usd("saving"))
    return alt.LayerChart(layer=[cost, saving], height=len(rows) * 3 * _BAR + _AXIS)


def by_place(savings: pd.DataFrame) -> alt.Chart:
    """Draw monthly savings per place (an account, a region) and kind: bars side by side, never stacked.

    Of many places those with the largest single saving are drawn, MOST_PLACES of them.
    """
    largest = savings.groupby("place")["monthly_savings_usd"].max().nlargest(MOST_PLACES)
    rows = savings[savings["place"].isin(largest.index)]
    rows = rows.assign(kind_name=rows["kind"].map(wording.kind_name))
    kinds = sorted(set(rows["kind"]), key=kind_order)
    height = len(largest) * (len(kinds) * _BAR + _GAP) + _AXIS
    chart: alt.Chart = (
        alt.Chart(rows, height=height)
        .mark_bar()
        .encode(
            y=alt.Y("place:N", sort=list(largest.index), title=None, axis=_labels()),
            yOffset=alt.YOffset("kind_name:N", sort=[wording.kind_name(kind) for kind in kinds]),
            x=_usd("monthly_savings_usd"),
            color=_colour(kinds),
            tooltip=[
                _text("place", "Where"),
                _text("kind_name", "Kind"),
                _amount("monthly_savings_usd", "Saves, USD a month"),
            ],
        )
    )
    return chart


def top_tables(tables: pd.DataFrame) -> alt.Chart:
    """Draw the tables on which one kind of change saves most."""
    rows = tables.assign(
        kind_name=tables["kind"].map(wording.kind_name),
        # One bar a table, also where two accounts or regions have tables of one name.
        table_key=tables["account_id"] + "|" + tables["region"] + "|" + tables["table_name"],
    )
    kinds = sorted(set(rows["kind"]), key=kind_order)
    name_only = _labels(labelExpr="split(datum.label, '|')[2]")
    height = len(rows) * (_BAR + _GAP) + _AXIS
    chart: alt.Chart = (
        alt.Chart(rows, height=height)
        .mark_bar()
        .encode(
            y=alt.Y("table_key:N", sort=None, title=None, axis=name_only),
            x=_usd("monthly_savings_usd"),
            color=_colour(kinds),
            tooltip=[
                _text("table_name", "Table"),
                _text("account_name", "Account"),
                _text("region", "Region"),
                _text("kind_name", "Kind"),
                _amount("current_monthly_cost_usd", "Costs now, USD a month"),
                _amount("monthly_savings_usd", "Saves, USD a month"),
            ],
        )
    )
    return chart


def _labels(**options: Any) -> alt.Axis:
    return alt.Axis(labelLimit=_LABEL, **options)


def _usd(field: str) -> alt.X:
    return alt.X(f"{field}:Q", title=None, axis=alt.Axis(format=_AXIS_USD, tickCount=5))


def _text(field: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:N", title=title)


def _amount(field: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:Q", title=title, format=_USD)


def _colour(kinds: Iterable[str]) -> alt.Color:
    """Colour by kind. The domain holds every kind of the product, so that filters repaint nothing."""
    names = [wording.kind_name(kind) for kind in _everywhere(kinds)]
    return alt.Color("kind_name:N", scale=alt.Scale(domain=names), legend=None)


def _everywhere(kinds: Iterable[str]) -> list[str]:
    return sorted({*KINDS, *kinds}, key=kind_order)
