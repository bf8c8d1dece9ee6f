"""How much of the provisioned capacity of tables and indexes is used, and what would be enough."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from dashboard import wording
from dashboard.charts_kinds import utilization as charts
from dashboard.data.kinds import capacity
from dashboard.data.kinds import utilization as data
from dashboard.data.kinds.asking import Place
from dashboard.view import View
from dashboard.views.kinds import choosing, page
from dashboard.views.kinds.parts import DIMENSIONS, resource_of, told, which
from dashboard.views.kinds.sheet import Sheet
from optima.wording import capacity as units_in_words
from optima.wording import counted


def render(view: View) -> None:
    """Draw the page."""
    page.render(view, SHEET)


def draw(view: View) -> None:
    """Draw the charts: of the largest tables and indexes, then of the table that is chosen."""
    with told():
        _largest(view)
    _chosen(view)


@st.fragment
def _chosen(view: View) -> None:
    """Draw the part that another choice in its box draws anew, by itself."""
    st.subheader("One table and its indexes")
    place = choosing.choose(view, data.KIND)
    if place:
        with told():
            _table(view, place)


SHEET = Sheet(
    kind=data.KIND,
    title="Utilisation",
    flagged=(
        "Provisioned capacity of tables and indexes that their demand does not need: fixed units that are "
        "busy less than 30 % of the time on average, and autoscaling minimums above the lowest that stays "
        "safe. Provisioned units are billed every hour, used or not."
    ),
    details=(
        (
            "How the saving is computed.",
            "Fixed units: down to the highest minute that is stored / 0.80, and never below the highest "
            "hour of the last 15 months / 0.80; the units removed × 730 hours × price. Autoscaled: today's "
            "cost × (1 − simulated with the lower minimum / simulated as it is). Reads and writes are "
            "judged each by itself.",
        ),
        (
            "How to act.",
            "Lower the units, or the minimum of the policy, as the recommendation says. A decrease takes "
            "effect within minutes and can be taken back at once.",
        ),
        (
            "When to ignore it.",
            "When the capacity is kept for an event that the last 15 months have not seen.",
        ),
    ),
    draw=draw,
)


def _largest(view: View) -> None:
    rows = data.largest(view)
    tables = which(rows, "table or index", "tables and indexes")
    order = f"{tables} with the largest savings"
    st.subheader("Capacity now and recommended")
    st.caption(f"Units a second, logarithmic; of autoscaled capacity its minimum; {order}")
    st.markdown(charts.CAPACITIES_LEGEND)
    for column, (dimension, noun) in zip(st.columns(2, gap="large"), DIMENSIONS.items(), strict=True):
        with column:
            st.markdown(f"**{noun}**")
            choosing.chart(
                charts.capacities(rows, dimension),
                kind=data.KIND,
                key=f"utilisation-capacities-{dimension}",
                alt_text=f"{noun}: capacity now and recommended, and the highest minute",
            )
    st.subheader("How busy the capacity is")
    st.caption(f"Share of the capacity in force, of the minutes of the window; {order}")
    st.markdown(charts.PERCENTILES_LEGEND)
    for column, (dimension, noun) in zip(st.columns(2, gap="large"), DIMENSIONS.items(), strict=True):
        with column:
            st.markdown(f"**{noun}**")
            if rows[f"{dimension}_mean_utilization"].isna().all():
                st.caption("No utilisation is known.")
                continue
            choosing.chart(
                charts.percentiles(rows, dimension),
                kind=data.KIND,
                key=f"utilisation-percentiles-{dimension}",
                alt_text=f"{noun}: mean, percentiles and maximum of utilisation",
            )


def _table(view: View, place: Place) -> None:
    rows = data.of_table(view, place)
    if rows.empty:
        st.info("This build judges no capacity of this table.")
        return
    names = list(rows["index_name"].astype(object).where(rows["index_name"].notna(), ""))
    resource = resource_of(names, f"utilisation-resource-{place.at}")
    row = rows.iloc[names.index(resource)]
    st.markdown(wording.literal(row["reason"]))
    with told():
        _over_time(view, place, resource, row)
    _figures(rows)


def _over_time(view: View, place: Place, resource: str, row: pd.Series) -> None:
    hours = capacity.hours(view, place, resource)
    if hours.empty:
        st.caption("Nothing is known of its capacity in the window.")
        return
    each = int(hours["hours"].max())
    st.caption(f"Units a second, by {'the hour' if each == 1 else counted(each, 'hour')} of the window (UTC)")
    st.markdown(charts.OVER_TIME_LEGEND)
    for column, (dimension, noun) in zip(st.columns(2, gap="large"), DIMENSIONS.items(), strict=True):
        with column:
            st.markdown(f"**{noun}**")
            st.altair_chart(
                charts.over_time(
                    hours,
                    dimension,
                    _known(row[f"{dimension}_recommended_units"]),
                    _known(row[f"{dimension}_stored_peak_units_per_second"]),
                ),
                key=f"utilisation-hours-{dimension}",
                alt=f"{noun} consumed and provisioned over the window, what would be enough, and the peak",
            )


def _figures(rows: pd.DataFrame) -> None:
    """Draw the percentiles and capacities of a table and its indexes, a line per dimension of each."""
    st.caption("Table and indexes in figures: utilisation of the minutes, units a second")
    lines = [
        {
            "resource": "table" if pd.isna(row["index_name"]) else row["index_name"],
            "dimension": noun,
            **{name: row[f"{dimension}_{name}_utilization"] for name in data.STATISTICS},
            "now": units_in_words(json.loads(row["current_setting"]).get(dimension)),
            "recommended": units_in_words(json.loads(row["recommended_setting"]).get(dimension)),
            "peak": row[f"{dimension}_stored_peak_units_per_second"],
        }
        for _, row in rows.iterrows()
        for dimension, noun in DIMENSIONS.items()
    ]
    st.dataframe(
        pd.DataFrame(lines),
        column_config=_FIGURES,
        hide_index=True,
        placeholder="unknown",
        alt="Utilisation and capacity of the table and its indexes",
    )


def _known(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


_FIGURES = {
    "resource": st.column_config.TextColumn("Of", pinned=True),
    "dimension": st.column_config.TextColumn("What"),
    **{name: st.column_config.NumberColumn(name, format="percent") for name in data.STATISTICS},
    "now": st.column_config.TextColumn("Units now"),
    "recommended": st.column_config.TextColumn("Recommended"),
    "peak": st.column_config.NumberColumn(
        "Highest minute", format="localized", help="Units a second, of all minutes that are stored."
    ),
}
