"""Charts of utilisation: percentiles of the minutes, and capacity now against what would be enough."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.charts_kinds import marks
from dashboard.charts_kinds.marks import BLUE, GRAY, GREEN, HEIGHT, ORANGE, VIOLET

# Vega's own upright stroke has nothing to fill.
_UPRIGHT = "M-0.15,-1L0.15,-1L0.15,1L-0.15,1Z"
# Name, colour and sign (Vega's and a letter's) of each statistic, in the order of size.
_STATISTICS = {
    "mean": (BLUE, "diamond", "◆"),
    "p50": (GREEN, "circle", "●"),
    "p90": (VIOLET, "square", "■"),
    "p95": (VIOLET, "triangle-up", "▲"),
    "p99": (ORANGE, "triangle-down", "▼"),
    "max": (GRAY, _UPRIGHT, "┃"),
}
PERCENTILES_LEGEND = marks.legend(*((colour, sign, name) for name, (colour, _, sign) in _STATISTICS.items()))
CAPACITIES_LEGEND = marks.legend(
    (ORANGE, "●", "now"), (GREEN, "●", "recommended"), (GRAY, "┃", "highest minute that is stored")
)
OVER_TIME_LEGEND = marks.legend(
    (BLUE, "■", "consumed, mean"),
    (BLUE, "━", "consumed, highest minute"),
    (ORANGE, "━", "provisioned"),
    (GREEN, "╍", "recommended"),
    (GRAY, "┈", "highest minute that is stored"),
)


def percentiles(largest: pd.DataFrame, dimension: str) -> alt.LayerChart:
    """Draw how the minutes' utilisation of reads or of writes is distributed, a line per table or index."""
    rows = marks.labelled(largest)
    order = list(rows["label"])
    long = pd.concat(
        [
            rows[["label", "at", "table_name", "account_name", "region"]].assign(
                statistic=name, colour=colour, value=rows[f"{dimension}_{name}_utilization"]
            )
            for name, (colour, _, _) in _STATISTICS.items()
        ]
    ).dropna(subset="value")
    span = (
        alt.Chart(rows)
        .mark_rule(strokeWidth=2, opacity=0.5)
        .encode(
            y=marks.names(order),
            x=_ratio(f"{dimension}_p50_utilization"),
            x2=f"{dimension}_max_utilization:Q",
        )
    )
    signs = (
        alt.Chart(long)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            y=marks.names(order),
            x=_ratio("value"),
            color=marks.painted(),
            shape=alt.Shape(
                "statistic:N",
                scale=alt.Scale(
                    domain=list(_STATISTICS), range=[shape for _, shape, _ in _STATISTICS.values()]
                ),
                legend=None,
            ),
            tooltip=[
                marks.text("label", "Table or index"),
                marks.text("account_name", "Account"),
                marks.text("region", "Region"),
                marks.text("statistic", "Of the minutes"),
                marks.percentage("value", "Utilisation"),
            ],
        )
        .add_params(marks.by_table())
    )
    return alt.LayerChart(layer=[marks.paint(span, GRAY), signs], height=marks.bars_height(len(order), 1))


def capacities(largest: pd.DataFrame, dimension: str) -> alt.LayerChart:
    """Draw capacity now and recommended, and the highest minute, units a second on a logarithmic axis."""
    rows = marks.labelled(largest)
    order = list(rows["label"])
    now, recommended = f"{dimension}_current_units", f"{dimension}_recommended_units"
    peak = f"{dimension}_stored_peak_units_per_second"
    base = alt.Chart(rows).encode(
        y=marks.names(order),
        tooltip=[
            marks.text("label", "Table or index"),
            marks.text("account_name", "Account"),
            marks.text("region", "Region"),
            marks.quantity(now, "Units now"),
            marks.quantity(recommended, "Units recommended"),
            marks.quantity(peak, "Highest minute, units a second"),
            marks.amount("monthly_savings_usd", "Saves, USD a month"),
        ],
    )
    cut = base.mark_rule(strokeWidth=2, opacity=0.5).encode(x=_units(now), x2=f"{recommended}:Q")
    highest = base.mark_tick(thickness=3, size=22, opacity=1).encode(x=_units(peak))
    before = base.mark_point(filled=True, size=110, opacity=1).encode(x=_units(now))
    after = base.mark_point(filled=True, size=60, opacity=1).encode(x=_units(recommended))
    layers = [
        marks.paint(cut, GRAY),
        marks.paint(highest, GRAY),
        marks.paint(before, ORANGE),
        marks.paint(after, GREEN).add_params(marks.by_table()),
    ]
    return alt.LayerChart(layer=layers, height=marks.bars_height(len(order), 1))


def over_time(
    hours: pd.DataFrame, dimension: str, recommended: float | None, peak: float | None
) -> alt.LayerChart:
    """Draw consumed and provisioned capacity of reads or of writes over time, units a second, in UTC.

    Args:
        hours: As `dashboard.data.kinds.capacity.hours` returns them.
        dimension: read or write.
        recommended: Units that would be enough, of a policy its minimum; a line across.
        peak: Units a second of the highest minute that is stored; a dashed line across.
    """
    rows = hours[["starts_at"]].assign(
        mean=hours[f"{dimension}_mean_units_per_second"],
        highest=hours[f"{dimension}_max_units_per_second"],
        provisioned=hours[f"{dimension}_provisioned_units"],
    )
    base = alt.Chart(rows).encode(
        x=marks.instants("starts_at"),
        tooltip=[
            marks.hour("starts_at", "From (UTC)"),
            marks.quantity("mean", "Consumed, mean"),
            marks.quantity("highest", "Consumed, highest minute"),
            marks.quantity("provisioned", "Provisioned"),
        ],
    )
    steps = base.mark_line(strokeWidth=2, interpolate="step-after")
    layers = [
        marks.paint(base.mark_area(opacity=0.4).encode(y=marks.units("mean")), BLUE),
        marks.paint(base.mark_line(strokeWidth=1).encode(y=marks.units("highest")), BLUE),
        marks.paint(steps.encode(y=marks.units("provisioned")), ORANGE),
    ]
    for level, colour, dash in ((recommended, GREEN, [10, 5]), (peak, GRAY, [2, 3])):
        if level is not None:
            line = alt.Chart(pd.DataFrame({"level": [level]})).mark_rule(strokeWidth=2, strokeDash=dash)
            layers.append(marks.paint(line.encode(y=marks.units("level")), colour))
    return alt.LayerChart(layer=layers, height=HEIGHT)


def _ratio(field: str) -> alt.X:
    return alt.X(f"{field}:Q", title="utilisation", axis=alt.Axis(format="~%", tickCount=5))


def _units(field: str) -> alt.X:
    return alt.X(
        f"{field}:Q",
        title="units a second",
        scale=alt.Scale(type="symlog"),
        axis=alt.Axis(format=",~f", values=[0, 1, 10, 100, 1_000, 10_000, 100_000]),
    )
