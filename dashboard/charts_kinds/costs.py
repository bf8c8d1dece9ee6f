"""What any kind of advice can be drawn by: its largest savings, cost now against cost after."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.charts_kinds import marks
from dashboard.charts_kinds.marks import BAR, BLUE, GRAY

LEGEND = marks.legend((GRAY, "■", "now"), (BLUE, "■", "after the change"))


def now_and_after(costs: pd.DataFrame) -> alt.Chart:
    """Draw two bars a row: what a table or index costs now and would cost, USD a month."""
    rows = marks.labelled(costs)
    order = list(dict.fromkeys(rows["label"]))
    both = pd.concat(
        [
            rows.assign(what="now", colour=GRAY, cost=rows["current_monthly_cost_usd"]),
            rows.assign(what="after", colour=BLUE, cost=rows["projected_monthly_cost_usd"]),
        ]
    )
    chart: alt.Chart = (
        alt.Chart(both, height=marks.bars_height(len(order), 2))
        .mark_bar(size=BAR)
        .encode(
            y=marks.names(order),
            yOffset=alt.YOffset("what:N", sort=["now", "after"]),
            x=marks.usd("cost"),
            color=marks.painted(),
            tooltip=[
                *marks.where(),
                marks.text("index_name", "Index"),
                marks.amount("current_monthly_cost_usd", "Costs now, USD a month"),
                marks.amount("projected_monthly_cost_usd", "Would cost, USD a month"),
                marks.amount("monthly_savings_usd", "Saves, USD a month"),
            ],
        )
    )
    return chart
