"""Charts of capacity modes: their costs, the utilisation that decides, and capacity over time."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.charts_kinds import marks
from dashboard.charts_kinds.marks import BAR, BLUE, GRAY, GREEN, HEIGHT, ORANGE, TALL, VIOLET
from optima.wording import MODES

ON_DEMAND, PROVISIONED = MODES["PAY_PER_REQUEST"], MODES["PROVISIONED"]
_COLOUR = {ON_DEMAND: BLUE, PROVISIONED: ORANGE}
MODES_LEGEND = marks.legend(
    (BLUE, "■", ON_DEMAND), (ORANGE, "■", f"{PROVISIONED}, autoscaled"), (GRAY, "┃", "what it costs today")
)
BREAK_EVEN_LEGEND = marks.legend(
    (BLUE, "●", f"{ON_DEMAND} today"),
    (ORANGE, "●", f"{PROVISIONED} today"),
    (GRAY, "┃", "break-even"),
    (GRAY, "○", "should stay"),
)
OVER_TIME_LEGEND = marks.legend(
    (BLUE, "■", "consumed, mean"),
    (GRAY, "━", "consumed, highest minute"),
    (ORANGE, "━", "provisioned"),
    (GREEN, "━", "simulated"),
)
# Of the breakdown: what is paid for, in the order of the bars.
PARTS = {
    "table reads": BLUE,
    "index reads": BLUE,
    "table writes": ORANGE,
    "index writes": ORANGE,
    "table replicated writes": VIOLET,
    "index replicated writes": VIOLET,
}
_PALE = 0.5


def modes(compared: pd.DataFrame) -> alt.LayerChart:
    """Draw what each table costs in either mode, and a mark at what it costs today."""
    rows = marks.labelled(compared).assign(today=compared["current_billing_mode"].map(MODES))
    order = list(rows["label"])
    both = pd.concat(
        [
            rows.assign(mode=ON_DEMAND, cost=rows["on_demand_monthly_cost_usd"]),
            rows.assign(mode=PROVISIONED, cost=rows["provisioned_monthly_cost_usd"]),
        ]
    )
    both = both.assign(colour=both["mode"].map(_COLOUR))
    tooltip = [
        *marks.where(),
        marks.text("today", "Mode today"),
        marks.amount("current_monthly_cost_usd", "Costs now, USD a month"),
        marks.amount("on_demand_monthly_cost_usd", "On-Demand, USD a month"),
        marks.amount("provisioned_monthly_cost_usd", "Provisioned, autoscaled, USD a month"),
        marks.amount("monthly_savings_usd", "Saves, USD a month"),
    ]
    bars = (
        alt.Chart(both)
        .mark_bar(size=BAR)
        .encode(
            y=marks.names(order),
            yOffset=alt.YOffset("mode:N", sort=[ON_DEMAND, PROVISIONED]),
            x=marks.usd("cost"),
            color=marks.painted(),
            tooltip=tooltip,
        )
        .add_params(marks.by_table())
    )
    today = (
        alt.Chart(rows)
        .mark_tick(thickness=4, size=2 * BAR + 6, opacity=1)
        .encode(
            y=marks.names(order),
            x=marks.usd("current_monthly_cost_usd"),
            tooltip=tooltip,
        )
    )
    return alt.LayerChart(layer=[bars, marks.paint(today, GRAY)], height=marks.bars_height(len(order), 2))


def break_even(used: pd.DataFrame) -> alt.LayerChart:
    """Draw the utilisation that autoscaling would reach, of reads or of writes, against its break-even.

    To the right of the line a unit is busy enough for provisioned capacity to cost less. There are as many
    lines as there are different prices.
    """
    rows = marks.labelled(used)
    today = rows["current_billing_mode"].map(MODES)
    rows = rows.assign(today=today, colour=today.map(_COLOUR), filling=marks.filling(rows["advice"]))
    lines = rows[["break_even_utilization"]].round(4).drop_duplicates()
    line = (
        alt.Chart(lines)
        .mark_rule(strokeWidth=2)
        .encode(
            x="break_even_utilization:Q",
            tooltip=[marks.percentage("break_even_utilization", "Break-even utilisation")],
        )
    )
    points = marks.points(rows).encode(
        x=alt.X(
            "utilization:Q",
            title="utilisation that autoscaling would reach",
            axis=alt.Axis(format="~%", tickCount=6),
            scale=alt.Scale(domain=[0, max(1.0, float(rows["utilization"].max()))]),
        ),
        y=marks.log_usd("on_demand_cost_usd", "On-Demand, USD a month"),
        tooltip=[
            *marks.where(),
            marks.text("today", "Mode today"),
            marks.percentage("utilization", "Utilisation, autoscaled"),
            marks.percentage("break_even_utilization", "Break-even utilisation"),
            marks.amount("on_demand_cost_usd", "On-Demand, USD a month"),
            marks.amount("provisioned_cost_usd", "Provisioned, USD a month"),
        ],
    )
    return alt.LayerChart(layer=[marks.paint(line, GRAY), points], height=TALL)


def breakdown_legend(parts: pd.DataFrame) -> str:
    """Return the legend of `breakdown`: of what there is to pay for."""
    present = set(parts["part"])
    paid = {part.partition(" ")[2]: colour for part, colour in PARTS.items() if part in present}
    return marks.legend(*((colour, "■", noun) for noun, colour in paid.items()))


def breakdown(parts: pd.DataFrame, order: list[str]) -> alt.Chart:
    """Draw what a setting costs by what is paid for, one bar per setting in this order, USD a month.

    Args:
        parts: setting, part (one of `PARTS`), cost_usd.
        order: The settings.
    """
    place = list(PARTS)
    rows = parts.assign(
        colour=parts["part"].map(PARTS),
        place=parts["part"].map(place.index),
        opacity=parts["part"].str.startswith("index").map({True: _PALE, False: 1.0}),
    )
    chart: alt.Chart = (
        alt.Chart(rows, height=marks.bars_height(len(order), 2))
        .mark_bar(size=2 * BAR)
        .encode(
            y=alt.Y("setting:N", sort=order, title=None, axis=alt.Axis(labelLimit=marks.LABEL)),
            x=marks.usd("cost_usd"),
            color=marks.painted(),
            opacity=alt.Opacity("opacity:Q", scale=None),
            order=alt.Order("place:O"),
            tooltip=[
                marks.text("setting", "Setting"),
                marks.text("part", "Pays for"),
                marks.amount("cost_usd", "USD a month"),
            ],
        )
    )
    return chart


def over_time(hours: pd.DataFrame, dimension: str) -> alt.LayerChart:
    """Draw consumed, provisioned and simulated capacity of reads or of writes, units a second, in UTC."""
    rows = hours[["starts_at"]].assign(
        mean=hours[f"{dimension}_mean_units_per_second"],
        highest=hours[f"{dimension}_max_units_per_second"],
        provisioned=hours[f"{dimension}_provisioned_units"],
        simulated=hours[f"{dimension}_simulated_units"],
    )
    base = alt.Chart(rows).encode(
        x=marks.instants("starts_at"),
        tooltip=[
            marks.hour("starts_at", "From (UTC)"),
            marks.quantity("mean", "Consumed, mean"),
            marks.quantity("highest", "Consumed, highest minute"),
            marks.quantity("provisioned", "Provisioned"),
            marks.quantity("simulated", "Simulated"),
        ],
    )
    drawn = {
        "mean": (base.mark_area(opacity=0.4), BLUE),
        "highest": (base.mark_line(strokeWidth=1), GRAY),
        "provisioned": (base.mark_line(strokeWidth=2, interpolate="step-after"), ORANGE),
        "simulated": (base.mark_line(strokeWidth=2, interpolate="step-after"), GREEN),
    }
    layers = [
        marks.paint(mark.encode(y=marks.units(field)), colour)
        for field, (mark, colour) in drawn.items()
        if rows[field].notna().any()
    ]
    return alt.LayerChart(layer=layers, height=HEIGHT)
