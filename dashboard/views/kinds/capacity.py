"""On-demand against provisioned: what each table costs in either mode, and how autoscaling would do."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboard import wording
from dashboard.charts_kinds import capacity as charts
from dashboard.data.kinds import capacity as data
from dashboard.data.kinds.asking import MOST_POINTS, Place
from dashboard.view import View
from dashboard.views.kinds import choosing, page
from dashboard.views.kinds.parts import DIMENSIONS, number_or, resource_of, told, usd_or, which
from dashboard.views.kinds.sheet import Sheet
from optima.wording import COMPONENTS, MODES, capacity, counted

_AUTOSCALED = f"{charts.PROVISIONED}, autoscaled"
_PLANS = {"as_is": "Now", "on_demand": charts.ON_DEMAND, "provisioned_autoscaled": "Autoscaled"}
_UNSIMULATED = "not simulated"
_OF_WINDOW = "In the simulation, over the known minutes of the window: table and indexes."


def render(view: View) -> None:
    """Draw the page."""
    page.render(view, SHEET)


def draw(view: View) -> None:
    """Draw the charts: of the largest tables, then of the one that is chosen."""
    left, right = st.columns(2, gap="large")
    with left, told():
        _modes(view)
    with right, told():
        _break_even(view)
    _chosen(view)


@st.fragment
def _chosen(view: View) -> None:
    """Draw the part that another choice in its box draws anew, by itself."""
    st.subheader("One table")
    place = choosing.choose(view, data.KIND)
    if place is None:
        return
    with told():
        _table(view, place)
    with told():
        _over_time(view, place)


SHEET = Sheet(
    kind=data.KIND,
    title="Capacity",
    flagged=(
        "Tables that would cost less in the other capacity mode, or in their own with autoscaling in place "
        "of what is provisioned now. On-demand bills each request, provisioned capacity each hour of each "
        "unit, used or not: which is dearer depends on how busy the units are."
    ),
    details=(
        (
            "How the saving is computed.",
            "Now: today's setting for a month of 730 hours. On-demand: the units consumed, scaled to a "
            "month. Provisioned: autoscaling is simulated minute by minute, with the cheapest policy that "
            "throttles at most 0.1 % of units and one minute a day. A policy in force is simulated too, so "
            "that no error of the simulation is sold as a saving. Provisioned is advised only if it also "
            "wins at the cautious cost: each hour billed at its highest capacity, or no scaling in while "
            "nothing is consumed.",
        ),
        (
            "How to act.",
            "Set the billing mode, which AWS allows four times a day for on-demand; then the target and "
            "bounds of each dimension and index, as the recommendation lists them. Replicas of a global "
            "table share the mode.",
        ),
        (
            "When to ignore it.",
            "When demand is about to change, or when reserved capacity covers the table: that stays paid "
            "whatever the mode.",
        ),
    ),
    draw=draw,
)


def _modes(view: View) -> None:
    compared = data.modes(view)
    st.subheader("Cost in either mode")
    st.caption(f"USD a month, throughput alone; {which(compared)} that cost most now")
    st.markdown(charts.MODES_LEGEND)
    choosing.chart(
        charts.modes(compared),
        kind=data.KIND,
        key="capacity-modes",
        alt_text="Cost of the largest tables on-demand and provisioned, and what they cost today",
    )
    unknown = int(compared["provisioned_monthly_cost_usd"].isna().sum())
    if unknown:
        st.caption(
            f"{counted(unknown, 'table')} without a bar for {_AUTOSCALED}: not simulated, because no policy "
            "could be advised."
        )


def _break_even(view: View) -> None:
    used = data.utilization(view)
    st.subheader("Utilisation against break-even")
    if used.empty:
        st.caption("No table of this selection was simulated.")
        return
    simulated = int(used["simulated_tables"].iloc[0])
    tables = "all tables that were simulated"
    if simulated > MOST_POINTS:
        tables = f"the {MOST_POINTS} dearest on-demand of {simulated:,} tables that were simulated"
    st.caption(f"Right of the line, units are busy enough for provisioned to cost less; {tables}")
    dimension = st.segmented_control(
        "Reads or writes",
        ["reads", "writes"],
        default="reads",
        required=True,
        format_func=str.capitalize,
        key="capacity-dimension",
        label_visibility="collapsed",
    )
    st.markdown(charts.BREAK_EVEN_LEGEND)
    shown = used[used["dimension"] == dimension]
    if shown.empty:
        st.caption(f"None of them has {dimension}.")
        return
    choosing.chart(
        charts.break_even(shown),
        kind=data.KIND,
        key=f"capacity-break-even-{dimension}",
        alt_text=f"Utilisation of {dimension} that autoscaling would reach, per table, and the break-even",
    )
    above = int((shown["utilization"] > shown["break_even_utilization"]).sum())
    least, greatest = shown["break_even_utilization"].min(), shown["break_even_utilization"].max()
    between = wording.percent(least)
    if wording.percent(greatest) != between:
        between += f" to {wording.percent(greatest)}"
    st.caption(
        f"{counted(above, 'table')} above the break-even of {between}, {len(shown) - above:,} at or below it"
    )


def _table(view: View, place: Place) -> None:
    found = data.mode(view, place)
    if found.empty:
        st.info("This build compares no modes of this table.")
        return
    mode = found.iloc[0]
    st.markdown(wording.literal(mode["reason"]))
    now, on_demand, provisioned, cautious = st.columns(4)
    now.metric("Costs now, a month", usd_or(mode["current_monthly_cost_usd"]))
    on_demand.metric(f"{charts.ON_DEMAND}, a month", usd_or(mode["on_demand_monthly_cost_usd"]))
    provisioned.metric(f"{_AUTOSCALED}, a month", usd_or(mode["provisioned_monthly_cost_usd"], _UNSIMULATED))
    cautious.metric(
        "The same, cautiously",
        usd_or(mode["provisioned_cautious_monthly_cost_usd"], _UNSIMULATED),
        help="The worse of two: each hour billed at its highest capacity, or no scaling in while nothing is "
        "consumed.",
    )
    lines = data.lines(view, place)
    st.subheader("What is paid for")
    _breakdown(lines, _settings(mode))
    st.subheader("What the simulation came to")
    _simulated(lines, mode)


def _settings(mode: pd.Series) -> dict[str, str]:
    """Name a table's plans: as it is, with the mode in force, and the modes, with the one that is advised."""
    names = {**_PLANS, "as_is": f"Now, {MODES.get(mode['current_billing_mode'], '?')}"}
    if mode["advice"] == "change":
        advised = (
            "on_demand" if mode["recommended_billing_mode"] == "PAY_PER_REQUEST" else "provisioned_autoscaled"
        )
        names[advised] += ", advised"
    return names


def _breakdown(lines: pd.DataFrame, settings: Mapping[str, str]) -> None:
    if lines.empty:
        st.caption("This build holds no lines of cost of this table.")
        return
    parts = lines.assign(
        setting=lines["plan"].map(settings),
        part=lines["index_name"].isna().map({True: "table ", False: "index "})
        + lines["component"].map(COMPONENTS),
    )
    order = [name for plan, name in settings.items() if plan in set(lines["plan"])]
    costs = parts.groupby(["setting", "part"])["cost_usd"]
    known = costs.transform("count") == costs.transform("size")
    figures = parts[known].pivot_table(index="part", columns="setting", values="cost_usd", aggfunc="sum")
    left, right = st.columns(2, gap="large")
    with left:
        st.caption("USD a month" + ("; pale: indexes" if lines["index_name"].notna().any() else ""))
        st.markdown(charts.breakdown_legend(parts[known]))
        st.altair_chart(
            charts.breakdown(parts[known], order),
            key="capacity-breakdown",
            alt="Cost of reads and writes, of the table and of its indexes, as it is and in either mode",
        )
    with right:
        st.dataframe(
            figures.reindex(
                index=[part for part in charts.PARTS if part in set(parts["part"])], columns=order
            ),
            column_config={
                "_index": "USD a month",
                **{name: st.column_config.NumberColumn(name, format="dollar") for name in order},
            },
            placeholder="unknown",
            alt="Cost by what is paid for, USD a month",
        )


def _simulated(lines: pd.DataFrame, mode: pd.Series) -> None:
    policies = lines[lines["plan"] == "provisioned_autoscaled"]
    if policies.empty:
        st.caption("Not simulated: provisioned capacity cannot be advised here, whatever the policy.")
        return
    minutes, units, reads, writes = st.columns(4)
    minutes.metric("Throttled minutes", number_or(mode["simulated_throttled_minutes"]), help=_OF_WINDOW)
    units.metric("Throttled units", number_or(mode["simulated_throttled_units"]), help=_OF_WINDOW)
    reads.metric("Read unit-hours", number_or(mode["simulated_read_unit_hours"]), help=_OF_WINDOW)
    writes.metric("Write unit-hours", number_or(mode["simulated_write_unit_hours"]), help=_OF_WINDOW)
    st.caption("The policy of each, and what it would have done; unit-hours and USD of a month")
    st.dataframe(
        pd.DataFrame(
            {
                "resource": policies["index_name"].fillna("table"),
                "component": policies["component"].map(COMPONENTS),
                "policy": [capacity(json.loads(text)) if text else "" for text in policies["setting"]],
                "monthly_quantity": policies["monthly_quantity"].round(),
                "least_units": policies["least_units"],
                "greatest_units": policies["greatest_units"],
                "throttled_minutes": policies["throttled_minutes"],
                "cost_usd": policies["cost_usd"],
            }
        ),
        column_config=_POLICY_COLUMNS,
        hide_index=True,
        placeholder="unknown",
        alt="Simulated policies of the table and its indexes",
    )


def _over_time(view: View, place: Place) -> None:
    resources = data.resources(view, place)
    if not resources:
        st.caption("Nothing is known of this table's capacity in the window.")
        return
    st.subheader("Consumed, provisioned and simulated")
    resource = resource_of(resources, f"capacity-resource-{place.at}")
    hours = data.hours(view, place, resource)
    each = int(hours["hours"].max())
    st.caption(
        f"Units a second, by {'the hour' if each == 1 else counted(each, 'hour')} of the window (UTC); "
        "simulated: the policy above, where one was searched"
    )
    st.markdown(charts.OVER_TIME_LEGEND)
    for column, (dimension, noun) in zip(st.columns(2, gap="large"), DIMENSIONS.items(), strict=True):
        with column:
            st.markdown(f"**{noun}**")
            st.altair_chart(
                charts.over_time(hours, dimension),
                key=f"capacity-hours-{dimension}",
                alt=f"{noun} consumed, provisioned and simulated over the window",
            )


_POLICY_COLUMNS = {
    "resource": st.column_config.TextColumn("Of", pinned=True),
    "component": st.column_config.TextColumn("What"),
    "policy": st.column_config.TextColumn("Policy"),
    "monthly_quantity": st.column_config.NumberColumn("Unit-hours", format="localized"),
    "least_units": st.column_config.NumberColumn(
        "Least", format="localized", help="Units, in the simulation."
    ),
    "greatest_units": st.column_config.NumberColumn(
        "Greatest", format="localized", help="Units, in the simulation."
    ),
    "throttled_minutes": st.column_config.NumberColumn("Throttled minutes", format="localized"),
    "cost_usd": st.column_config.NumberColumn("USD a month", format="dollar"),
}
