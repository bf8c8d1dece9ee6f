"""Standard against Standard-IA: on which side of the break-even line each table lies, and what it costs."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import wording
from dashboard.charts_kinds import table_class as charts
from dashboard.data.kinds import table_class as data
from dashboard.data.kinds.asking import MOST_POINTS, Place
from dashboard.view import View
from dashboard.views.kinds import choosing, page
from dashboard.views.kinds.parts import number_or, told, usd_or, which
from dashboard.views.kinds.sheet import Sheet
from optima.wording import CLASSES, counted, number


def render(view: View) -> None:
    """Draw the page."""
    page.render(view, SHEET)


def draw(view: View) -> None:
    """Draw the charts: of all tables, of the largest, then of the one that is chosen."""
    with told():
        _both(view)
    _chosen(view)


@st.fragment
def _chosen(view: View) -> None:
    """Draw the part that another choice in its box draws anew, by itself."""
    st.subheader("One table")
    place = choosing.choose(view, data.KIND)
    if place:
        with told():
            _table(view, place)


SHEET = Sheet(
    kind=data.KIND,
    title="Table class",
    flagged=(
        "Tables in the dearer of the two classes for what they store and how much they are used. "
        "Standard-IA stores a GB for less than half the price of Standard and charges about a quarter more "
        "for each read and write: a large table that is seldom used overpays in Standard, a small or busy "
        "one in Standard-IA."
    ),
    details=(
        (
            "How the saving is computed.",
            "The amounts of storage and throughput that were billed, scaled to a month of 730 hours, each "
            "at its own price in both classes. The free tier and reserved capacity exist in Standard only; "
            "what a commitment covers saves nothing when it is left. Streams, backups and recovery cost "
            "the same in both classes. Without a billing export, size and demand are modelled, with low "
            "confidence.",
        ),
        (
            "How to act.",
            "Change the table's class; it takes effect without downtime, for its indexes too. AWS allows two "
            "changes in 30 days, so a table that was changed lately is kept.",
        ),
        (
            "When to ignore it.",
            "When the table is about to grow, shrink or be used differently, when its reserved capacity ends "
            "soon, or when the data is to be deleted or archived anyway.",
        ),
    ),
    draw=draw,
)


def _both(view: View) -> None:
    judged, largest = data.ratios(view), data.classes(view)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Storage against throughput")
        _ratios(judged)
    with right:
        st.subheader("Cost in either class")
        st.caption(f"USD a month; {which(largest)} that cost most now. Upper bar Standard, lower Standard-IA")
        st.markdown(charts.CLASSES_LEGEND)
        choosing.chart(
            charts.classes(largest),
            kind=data.KIND,
            key="class-costs",
            alt_text="Storage and throughput of the largest tables in Standard and in Standard-IA",
        )
        unknown = int((largest["standard_cost_usd"].isna() | largest["ia_cost_usd"].isna()).sum())
        if unknown:
            st.caption(f"{counted(unknown, 'table')} with a bar missing: a price or an amount is not known.")


def _ratios(judged: pd.DataFrame) -> None:
    if judged.empty:
        st.caption("Of no table the ratio is known.")
        return
    counts = judged.iloc[0]
    known = judged[judged["side"] != "unknown"]
    placed = int(counts["tables"] - counts["tables_unknown"])
    some = f"; drawn: the {MOST_POINTS} of {placed:,} that save or cost most" if placed > len(known) else ""
    st.caption(
        "Cost of storage over cost of throughput at Standard prices, logarithmic. Above the line Standard-IA "
        f"is cheaper, below it Standard; the larger a point, the more is saved{some}"
    )
    if known.empty:
        st.caption("Of no table the ratio is known.")
    else:
        st.markdown(charts.RATIOS_LEGEND)
        choosing.chart(
            charts.ratios(known),
            kind=data.KIND,
            key="class-ratios",
            alt_text="Ratio of storage to throughput of each table, and the break-even ratio",
        )
    st.caption(_sides(counts, known))
    st.caption(_sources(counts))


def _sides(counts: pd.Series, known: pd.DataFrame) -> str:
    lines = known["breakeven_ratio"].dropna()
    between = ""
    if not lines.empty:
        least, greatest = number(lines.min(), 2), number(lines.max(), 2)
        between = f" (break-even at {least if least == greatest else f'{least} to {greatest}'})"
    said = [
        f"{counted(int(counts['tables_above']), 'table')} above the line{between}",
        f"{int(counts['tables_below']):,} below",
    ]
    if counts["tables_without_throughput"]:
        said.append(f"{int(counts['tables_without_throughput']):,} without throughput to pay for")
    if counts["tables_unknown"]:
        said.append(f"{int(counts['tables_unknown']):,} not drawn, because a price or an amount is not known")
    return ", ".join(said)


def _sources(counts: pd.Series) -> str:
    modelled = int(counts["tables_modelled"])
    billed = int(counts["tables"]) - modelled
    if not modelled:
        return f"Amounts: as billed, for all of {counted(billed, 'table')}"
    return (
        f"Amounts: as billed for {counted(billed, 'table')}; modelled from size and demand, with low "
        f"confidence, for {counted(modelled, 'table')} that no billing export names"
    )


def _table(view: View, place: Place) -> None:
    found = data.table(view, place)
    if found.empty:
        st.info("This build compares no classes of this table.")
        return
    table = found.iloc[0]
    st.markdown(wording.literal(table["reason"]))
    now, saves, ratio, stored = st.columns(4)
    now.metric(
        f"Costs now in {CLASSES.get(table['current_table_class'], '?')}",
        usd_or(table["current_monthly_cost_usd"]),
        help="USD a month, storage and throughput.",
    )
    saves.metric("Saves a month", usd_or(table["monthly_savings_usd"]))
    ratio.metric(
        "Storage / throughput",
        "no throughput" if table["side"] == "no throughput" else number_or(table["ratio"], places=3),
        delta=None
        if pd.isna(table["breakeven_ratio"])
        else f"break-even {number(table['breakeven_ratio'], 3)}",
        delta_color="off",
        delta_arrow="off",
    )
    stored.metric(
        "Stored, with indexes",
        "unknown" if pd.isna(table["storage_gb"]) else f"{number(table['storage_gb'])} GB",
        delta=f"usage: {table['source_of_usage']}",
        delta_color="off",
        delta_arrow="off",
    )
    classes = {"Standard": "standard", "Standard-IA": "ia"}
    st.dataframe(
        pd.DataFrame(
            {
                "class": list(classes),
                **{
                    column: [table[f"{prefix}_{column}"] for prefix in classes.values()]
                    for column in ("storage_cost_usd", "throughput_cost_usd", "cost_usd")
                },
            }
        ),
        column_config=_CLASS_COLUMNS,
        hide_index=True,
        placeholder="unknown",
        alt="Storage and throughput of the table in both classes, USD a month",
    )


_CLASS_COLUMNS = {
    "class": st.column_config.TextColumn("USD a month", pinned=True),
    "storage_cost_usd": st.column_config.NumberColumn("Storage", format="dollar"),
    "throughput_cost_usd": st.column_config.NumberColumn("Throughput", format="dollar"),
    "cost_usd": st.column_config.NumberColumn("Together", format="dollar"),
}
