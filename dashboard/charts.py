"""The charts. A kind has the same colour in all of them; colours and fonts come from the theme."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard import wording
from dashboard.data.savings import KindTotal
from optima.wording import KINDS, kind_order, usd

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
            "saved": [usd(total.monthly_savings_usd) for total in totals],
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
    # Behind the longer of both bars.
    end = "max(datum.cost, datum.saving)"
    written = _written(base.transform_calculate(end=end).encode(x=alt.X("end:Q", scale=_room(rows["cost"]))))
    return alt.LayerChart(layer=[cost, saving, written], height=len(rows) * 3 * _BAR + _AXIS)


def by_place(savings: pd.DataFrame) -> alt.LayerChart:
    """Draw monthly savings per place and kind: bars side by side, never stacked.

    Of many places those with the largest single saving are drawn, MOST_PLACES of them.
    """
    largest = savings.groupby("place")["monthly_savings_usd"].max().nlargest(MOST_PLACES)
    rows = savings[savings["place"].isin(largest.index)]
    rows = rows.assign(
        kind_name=rows["kind"].map(wording.kind_name), saved=rows["monthly_savings_usd"].map(usd)
    )
    kinds = sorted(set(rows["kind"]), key=kind_order)
    height = len(largest) * (len(kinds) * _BAR + _GAP) + _AXIS
    base = alt.Chart(rows).encode(
        y=alt.Y("place:N", sort=list(largest.index), title=None, axis=_labels()),
        yOffset=alt.YOffset("kind_name:N", sort=[wording.kind_name(kind) for kind in kinds]),
        x=_usd("monthly_savings_usd").scale(_room(rows["monthly_savings_usd"])),
        tooltip=[
            _text("place", "Where"),
            _text("kind_name", "Kind"),
            _amount("monthly_savings_usd", "Saves, USD a month"),
        ],
    )
    return alt.LayerChart(layer=[base.mark_bar().encode(color=_colour(kinds)), _written(base)], height=height)


def publications(builds: pd.DataFrame) -> alt.LayerChart:
    """Draw what the best plans of each build that was published would save a month."""
    base = alt.Chart(builds).encode(
        x=alt.X(
            "published_at:T",
            title=None,
            axis=alt.Axis(format="%b %d", tickCount=4, labelOverlap=True, labelFlush=True),
        ),
        y=alt.Y(
            "monthly_savings_usd:Q",
            title=None,
            scale=alt.Scale(zero=False, nice=True),
            axis=alt.Axis(format=_AXIS_USD, tickCount=4),
        ),
        tooltip=[
            alt.Tooltip("published_at:T", title="Published (UTC)", format="%Y-%m-%d %H:%M"),
            _amount("monthly_savings_usd", "Best plans save, USD a month"),
            _amount("current_monthly_cost_usd", "Costs now, USD a month"),
            alt.Tooltip("changes:Q", title="Tables to change", format=","),
        ],
    )
    line = base.mark_line(interpolate="step-after", strokeWidth=2)
    return alt.LayerChart(layer=[line, base.mark_circle(size=50, opacity=1)], height=160)


def _room(amounts: pd.Series) -> alt.Scale:
    """Leave room for what is written at the end of the longest bar."""
    longest = amounts.max()
    return alt.Scale(domainMax=1.25 * longest) if longest > 0 else alt.Scale()


def _written(bars: alt.Chart) -> alt.Chart:
    """Write the amount at the end of each bar."""
    # Grey is read on the white and on the dark background.
    text: alt.Chart = bars.mark_text(align="left", dx=4, fontSize=11).encode(
        text="saved:N", color=alt.value("#808890")
    )
    return text


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
