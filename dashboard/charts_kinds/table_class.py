"""Charts of table classes: where tables lie of the break-even line, and what both classes cost."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.charts_kinds import marks
from dashboard.charts_kinds.marks import BAR, BLUE, GRAY, GREEN, ORANGE, TALL, VIOLET
from optima.wording import CLASSES

STANDARD, INFREQUENT = CLASSES["STANDARD"], CLASSES["STANDARD_INFREQUENT_ACCESS"]
_COLOUR = {STANDARD: BLUE, INFREQUENT: ORANGE}
RATIOS_LEGEND = marks.legend(
    (BLUE, "●", f"{STANDARD} today"),
    (ORANGE, "●", f"{INFREQUENT} today"),
    (GRAY, "▲", "no throughput"),
    (GRAY, "━", "break-even"),
    (GRAY, "○", "should stay"),
)
CLASSES_LEGEND = marks.legend(
    (GREEN, "■", "storage"), (VIOLET, "■", "throughput"), (GRAY, "┃", "what it costs today")
)
# Square pixels of a point that saves nothing, and of the one that saves most.
_LEAST, _GREATEST = 45, 900


def ratios(judged: pd.DataFrame) -> alt.LayerChart:
    """Draw each table's storage-to-throughput ratio over what it costs, and the break-even ratios.

    Both axes are logarithmic. A table without throughput has no ratio and lies on the upper edge.
    """
    rows = marks.labelled(judged)
    ratio = rows["ratio"].where(rows["ratio"] > 0)
    upper = 10 ** (1 + _exponent(max(float(ratio.max(skipna=True) or 1), 1)))
    rows = rows.assign(
        today=rows["current_table_class"].map(CLASSES),
        colour=rows["current_table_class"].map(CLASSES).map(_COLOUR),
        shown_ratio=ratio.where(rows["side"] != "no throughput", upper),
        filling=marks.filling(rows["advice"]),
        saves=rows["monthly_savings_usd"].clip(lower=0),
    )
    rows = rows[rows["shown_ratio"].notna() & (rows["current_monthly_cost_usd"] > 0)]
    lines = rows[["breakeven_ratio"]].round(2).dropna().drop_duplicates()
    line = (
        alt.Chart(lines)
        .mark_rule(strokeWidth=1.5)
        .encode(
            y=_ratio("breakeven_ratio"),
            tooltip=[marks.number("breakeven_ratio", "Break-even ratio")],
        )
    )
    points = marks.points(rows).encode(
        x=alt.X(
            "current_monthly_cost_usd:Q",
            title="storage and throughput now, USD a month",
            scale=alt.Scale(type="log"),
            axis=marks.log_axis("$"),
        ),
        y=_ratio("shown_ratio"),
        size=alt.Size("saves:Q", scale=alt.Scale(range=[_LEAST, _GREATEST], zero=True), legend=None),
        shape=alt.Shape(
            "side:N",
            scale=alt.Scale(
                domain=["above", "below", "no throughput"], range=["circle", "circle", "triangle-up"]
            ),
            legend=None,
        ),
        tooltip=[
            *marks.where(),
            marks.text("today", "Class today"),
            marks.number("ratio", "Storage / throughput"),
            marks.number("breakeven_ratio", "Break-even ratio"),
            marks.text("side", "Side of the line"),
            marks.amount("standard_storage_cost_usd", "Storage in Standard, USD a month"),
            marks.amount("standard_throughput_cost_usd", "Throughput in Standard, USD a month"),
            marks.amount("monthly_savings_usd", "Saves, USD a month"),
            marks.text("source_of_usage", "Usage from"),
        ],
    )
    return alt.LayerChart(layer=[marks.paint(line, GRAY), points], height=TALL)


def classes(judged: pd.DataFrame) -> alt.LayerChart:
    """Draw storage and throughput of each table in both classes, and a mark at what it costs today."""
    rows = marks.labelled(judged)
    rows = rows.assign(today=rows["current_table_class"].map(CLASSES))
    order = list(rows["label"])
    paid = pd.concat(
        [
            rows.assign(table_class=name, part=part, colour=colour, cost=rows[f"{prefix}_{part}_cost_usd"])
            for name, prefix in ((STANDARD, "standard"), (INFREQUENT, "ia"))
            for part, colour in (("storage", GREEN), ("throughput", VIOLET))
        ]
    )
    # Of a class of which one part is unknown the other would look like all of it.
    whole = paid.groupby(["at", "table_class"])["cost"].transform(lambda costs: costs.notna().all())
    bars = (
        alt.Chart(paid[whole])
        .mark_bar(size=BAR)
        .encode(
            y=marks.names(order),
            yOffset=alt.YOffset("table_class:N", sort=[STANDARD, INFREQUENT]),
            x=marks.usd("cost"),
            color=marks.painted(),
            order=alt.Order("part:O"),
            tooltip=[
                *marks.where(),
                marks.text("table_class", "Class"),
                marks.text("part", "Pays for"),
                marks.amount("cost", "USD a month"),
                marks.text("today", "Class today"),
                marks.amount("monthly_savings_usd", "Saves, USD a month"),
            ],
        )
        .add_params(marks.by_table())
    )
    today = (
        alt.Chart(rows)
        .mark_tick(thickness=4, size=2 * BAR + 6, opacity=1)
        .encode(
            y=marks.names(order),
            x=marks.usd("current_monthly_cost_usd"),
            tooltip=[
                *marks.where(),
                marks.text("today", "Class today"),
                marks.amount("current_monthly_cost_usd", "Costs now, USD a month"),
            ],
        )
    )
    return alt.LayerChart(layer=[bars, marks.paint(today, GRAY)], height=marks.bars_height(len(order), 2))


def _ratio(field: str) -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        title="storage / throughput",
        scale=alt.Scale(type="log"),
        axis=marks.log_axis(),
    )


def _exponent(value: float) -> int:
    return len(f"{int(value)}") - 1
