"""The charts of one table: its cost by component, and its demand against its capacity over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard.charts_kinds import marks
from dashboard.data.table import Row
from optima.wording import COMPONENTS

# Colours of components: those of reads and writes are the same wherever both are drawn.
_COMPONENTS = {
    "read": marks.BLUE,
    "write": marks.ORANGE,
    "storage": marks.GREEN,
    "replicated_write": marks.VIOLET,
}
_NOW, _THEN = "Now", "With the best plan"
_BAR = 34


def component_legend(rows: Sequence[Row]) -> str:
    """Return the legend of the components that there are."""
    present = [name for name in _COMPONENTS if any(row["component"] == name for row in rows)]
    return marks.legend(*((_COMPONENTS[name], "■", COMPONENTS[name]) for name in present))


def by_component(rows: Sequence[Row], *, is_kept: bool) -> alt.Chart | None:
    """Draw what components cost now and then, stacked; None where nothing is known of either."""
    columns = {_NOW: "now_usd"} if is_kept else {_NOW: "now_usd", _THEN: "then_usd"}
    drawn = [
        {
            "plan": plan,
            "component": COMPONENTS[row["component"]],
            "colour": _COMPONENTS[row["component"]],
            "place": list(_COMPONENTS).index(row["component"]),
            "who": row["index_name"] or "table",
            "cost": float(row[column]),
        }
        for plan, column in columns.items()
        for row in rows
        if row[column] is not None
    ]
    if not drawn:
        return None
    frame = pd.DataFrame(drawn)
    chart: alt.Chart = (
        alt.Chart(frame, height=_BAR * len(columns) + marks.AXIS)
        .mark_bar(stroke="white", strokeWidth=0.5)
        .encode(
            y=alt.Y("plan:N", sort=list(columns), title=None, axis=alt.Axis(labelLimit=marks.LABEL)),
            x=marks.usd("cost"),
            color=marks.painted(),
            order=alt.Order("place:Q"),
            tooltip=[
                marks.text("plan", "Plan"),
                marks.text("who", "Of"),
                marks.text("component", "Component"),
                marks.amount("cost", "USD a month"),
            ],
        )
    )
    return chart


# What is drawn over time, by the column of the rows: colour, sign in the legend, meaning.
_SERIES = {
    "consumed": (marks.BLUE, "━", "consumed"),
    "highest": (marks.BLUE, "┄", "highest minute"),
    "provisioned": (marks.ORANGE, "━", "provisioned"),
    "simulated": (marks.GREEN, "╍", "simulated: the best autoscaling policy"),
    "throttles": (marks.VIOLET, "▲", "throttled"),
}
_UNKNOWN = (marks.GRAY, "■", "unknown")
_PERCENTILES = {
    "p50": (marks.GREEN, "━", "p50"),
    "p90": (marks.BLUE, "━", "p90"),
    "p99": (marks.VIOLET, "━", "p99"),
    "max": (marks.GRAY, "━", "highest"),
    "provisioned": (marks.ORANGE, "━", "provisioned, mean"),
}
# How instants are written on an axis.
_DATES, _TIMES = "%b %d", "%H:%M"
# Square pixels of the sign of a throttled stretch.
_POINT = 40
# So few rows are drawn as points, too: one by itself makes no line.
_FEW = 31
_SHIFT_WHEEL = "wheel![event.shiftKey]"


def time_legend(rows: pd.DataFrame) -> str:
    """Return the legend of what rows over time have."""
    present = [entry for name, entry in _SERIES.items() if _has(rows, name)]
    return marks.legend(*present, *([_UNKNOWN] if rows["consumed"].isna().any() else []))


def over_time(rows: pd.DataFrame, *, by_minute: bool = False) -> alt.LayerChart:
    """Draw demand against capacity, in units a second.

    Args:
        rows: A row for each stretch of time, none left out: starts_at and ends_at (UTC), label; consumed,
            highest, provisioned, simulated (units a second, null is unknown or none) and throttles (events).
        by_minute: Whether they are of one day, so that times are written instead of days.
    """
    instants = _instants(_TIMES if by_minute else _DATES)
    base = alt.Chart(rows).encode(x=instants)
    layers: list[alt.Chart] = []
    unknown = _unknown_stretches(rows)
    if len(unknown):
        layers.append(
            marks.paint(
                alt.Chart(unknown).mark_rect(opacity=0.2).encode(x=instants, x2="ends_at:T"),
                marks.GRAY,
            )
        )
    lines: dict[str, dict[str, Any]] = {
        "provisioned": {"interpolate": "step-after", "strokeWidth": 2},
        "simulated": {"interpolate": "step-after", "strokeWidth": 1.5, "strokeDash": [5, 3]},
        "highest": {"strokeWidth": 1, "strokeDash": [2, 2]},
        "consumed": {"strokeWidth": 1.5},
    }
    for name, style in lines.items():
        if _has(rows, name):
            drawn = base.mark_line(point=len(rows) <= _FEW, **style).encode(y=marks.units(name))
            layers.append(marks.paint(drawn, _SERIES[name][0]))
    if _has(rows, "throttles"):
        throttled = rows[rows["throttles"] > 0]
        layers.append(
            marks.paint(
                alt.Chart(throttled)
                .mark_point(shape="triangle-up", filled=True, size=_POINT, opacity=1)
                .encode(
                    x=instants,
                    y=marks.units("highest" if _has(rows, "highest") else "consumed"),
                ),
                marks.VIOLET,
            )
        )
    return alt.LayerChart(layer=[*layers, _pointer(base, _read_out(rows))], height=marks.HEIGHT)


def percentiles_by_day(rows: pd.DataFrame) -> alt.LayerChart:
    """Draw how the minutes of each day are distributed: starts_at, label, p50, p90, p99, max, provisioned."""
    base = alt.Chart(rows).encode(x=_instants(_DATES))
    layers = [
        marks.paint(
            base.mark_line(
                strokeWidth=1.5,
                point=name != "provisioned",
                interpolate="step-after" if name == "provisioned" else "linear",
            ).encode(y=marks.units(name)),
            colour,
        )
        for name, (colour, _, _) in _PERCENTILES.items()
        if _has(rows, name)
    ]
    tooltip = [marks.text("label", "Day")] + [
        marks.quantity(name, meaning) for name, (_, _, meaning) in _PERCENTILES.items() if _has(rows, name)
    ]
    return alt.LayerChart(layer=[*layers, _pointer(base, tooltip)], height=marks.HEIGHT * 2 // 3)


def percentiles_legend(rows: pd.DataFrame) -> str:
    """Return the legend of the percentiles that there are."""
    return marks.legend(*(entry for name, entry in _PERCENTILES.items() if _has(rows, name)))


def _instants(written: str) -> alt.X:
    """An axis of UTC instants."""
    return alt.X(
        "starts_at:T",
        title=None,
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(format=written, labelOverlap=True),
    )


def _has(rows: pd.DataFrame, name: str) -> bool:
    if name not in rows or not rows[name].notna().any():
        return False
    return name != "throttles" or bool((rows[name] > 0).any())


def _read_out(rows: pd.DataFrame) -> list[alt.Tooltip]:
    units = [
        marks.quantity(name, f"{meaning.partition(':')[0].capitalize()}, units a second")
        for name, (_, _, meaning) in _SERIES.items()
        if name != "throttles" and _has(rows, name)
    ]
    events = [marks.quantity("throttles", "Throttle events")] if _has(rows, "throttles") else []
    return [marks.text("label", "UTC"), *units, *events]


def _pointer(base: alt.Chart, tooltip: list[alt.Tooltip]) -> alt.Chart:
    """Show the figures of the stretch of time that is nearest to the pointer."""
    nearest = alt.selection_point(fields=["starts_at"], nearest=True, on="pointerover", empty=False)
    zoom = alt.selection_interval(bind="scales", encodings=["x"], zoom=_SHIFT_WHEEL)
    pointer: alt.Chart = (
        base.mark_rule(strokeWidth=1)
        .encode(opacity=alt.condition(nearest, alt.value(0.5), alt.value(0)), tooltip=tooltip)
        .add_params(nearest, zoom)
    )
    return pointer


def _unknown_stretches(rows: pd.DataFrame) -> pd.DataFrame:
    """Return from when to when demand is unknown."""
    is_unknown = rows["consumed"].isna()
    stretch = (is_unknown != is_unknown.shift()).cumsum()
    of_unknown = rows[is_unknown].groupby(stretch[is_unknown])
    return of_unknown.agg(starts_at=("starts_at", "first"), ends_at=("ends_at", "last"))
