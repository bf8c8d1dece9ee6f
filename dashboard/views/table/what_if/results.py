"""What comes out of what if: costs beside today and the best plan, throttling, and capacity over time."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter

import pandas as pd
import streamlit as st

from dashboard import wording
from dashboard.charts_kinds import marks
from dashboard.views.table import charts, grids, words
from optima import what_if
from optima.simulation import Policy
from optima.what_if import (
    BEST_EFFORT_BURST_SECONDS,
    Assumption,
    Capacity,
    Minutes,
    Result,
    Simulated,
    Table,
    Throttling,
)
from optima.wording import COMPONENTS, counted, number
from optima.wording import capacity as capacity_in_words

# Whose capacity a line pays for; storage has none.
_DIMENSIONS = {"read": "read", "write": "write", "replicated_write": "write"}
# Below this DynamoDB takes no target, though the simulation does.
_LEAST_TARGET = 0.2
_NOT_INCLUDED = (
    "Not included: streams, backups, point-in-time recovery, data transfer, and what the change itself may "
    "cost. What owned reserved capacity and savings plans cover counts as paid for where they still cover it."
)
_LEGEND = (
    (marks.BLUE, "━", "consumed, mean of the hour"),
    (marks.BLUE, "┄", "highest minute"),
)
_CAPACITY = (marks.GREEN, "╍", "simulated capacity, mean of the hour")


def notes(minutes: Minutes, asked: Assumption) -> None:
    """Say what limits the figures of this table."""
    table = minutes.table
    found = [
        _missing(minutes),
        _billed(table),
        _replicas(table),
        _prices(table, asked),
        _targets(asked),
    ]
    text = " ".join(filter(None, found))
    if text:
        st.caption(wording.literal(text))


def _missing(minutes: Minutes) -> str:
    if minutes.are_complete:
        return ""
    known = sum(minutes.known(resource.name) for resource in minutes.table.resources)
    if not known:
        return (
            "The minutes of this table are not among the published ones, so that autoscaling cannot be "
            "simulated: `dynamodb-optima run` publishes them."
        )
    return "Some minutes that the build knew are not published any more: what is simulated rests on fewer."


def _billed(table: Table) -> str:
    if not table.is_today_billed:
        return ""
    return (
        "Too little is known of its demand yet, so that today's cost is what was billed; anything else "
        "rests on the minutes that are known."
    )


def _replicas(table: Table) -> str:
    if not table.is_replicated:
        return ""
    return (
        "A replica of a global table: these are the dollars of this replica alone, and all replicas have one "
        "mode."
    )


def _prices(table: Table, asked: Assumption) -> str:
    if asked.basis == "list" or not table.lacks_billed_prices:
        return ""
    return "No bill tells what this account pays for a unit: these prices are the list's."


def _targets(asked: Assumption) -> str:
    policies = [
        capacity
        for dimensions in asked.capacities.values()
        for capacity in dimensions.values()
        if isinstance(capacity, Policy)
    ]
    if all(policy.target >= _LEAST_TARGET for policy in policies):
        return ""
    return "DynamoDB takes targets from 20 %: a lower one is simulated, but cannot be set."


def draw(minutes: Minutes, asked: Assumption, result: Result) -> None:
    """Draw the figures and the chart."""
    _headline(minutes.table, asked, result)
    _lines(minutes.table, asked, result)
    _simulated(minutes, result)
    _chart(minutes, result)
    st.caption(_NOT_INCLUDED)


def _headline(table: Table, asked: Assumption, result: Result) -> None:
    cost, today, best, throttling = st.columns(4)
    cost.metric("Costs a month", words.usd(result.asked.monthly_usd))
    today.metric("Against today", _signed(result.to_today_usd))
    today.caption(f"today {words.usd(result.today.monthly_usd)}")
    best.metric("Against the best plan", _signed(result.to_best_plan_usd))
    best.caption(f"best plan {words.usd(result.best_plan.monthly_usd)}")
    if result.asked.cautious_usd is not None:
        cautious = words.usd(result.asked.cautious_usd)
        cost.caption(f"{cautious} by the most cautious reading of how autoscaling is billed")
    elif result.asked.storage_usd is None:
        cost.caption("throughput alone: its size is not known")
    throttling.metric("Throttled minutes", _throttled_minutes(result))
    throttling.caption(_safety(table, asked, result))


def _signed(amount: Decimal | None) -> str:
    return f"+{words.usd(amount)}" if amount is not None and amount > 0 else words.usd(amount)


def _throttled_minutes(result: Result) -> str:
    known = [simulated for simulated in result.simulated.values() if simulated.known_minutes]
    if not known:
        return "none" if not result.simulated else words.UNKNOWN
    return f"{sum(simulated.throttling.minutes for simulated in known):,}"


def _safety(table: Table, asked: Assumption, result: Result) -> str:
    if not result.simulated:
        is_on_demand = asked.mode == "on_demand" or not table.is_provisioned
        return "on-demand capacity follows demand" if is_on_demand else "today's capacity is not known"
    judged = [simulated.is_safe for simulated in result.simulated.values()]
    if None in judged:
        return "nothing is known to simulate"
    allowed = (
        f"at most {number(100 * table.throttled_share, 2)} % of units and "
        f"{counted(round(table.throttled_minutes_per_day), 'minute')} a day, "
        f"with {number(table.burst_seconds)} s of burst"
    )
    return f"safe: {allowed}" if all(judged) else f"not safe: more than {allowed.removeprefix('at most ')}"


def _lines(table: Table, asked: Assumption, result: Result) -> None:
    capacities = _capacities(table, asked)
    st.subheader("Cost")
    grids.draw(
        ("What", "Capacity", "Unit", "Units a month", "To pay", "USD a month"),
        [
            (
                _who(line.index_name, COMPONENTS[line.component]),
                _in_words(capacities.get((line.resource_name, _DIMENSIONS.get(line.component, "")))),
                line.unit,
                _quantity(line.monthly_quantity),
                _quantity(line.paid_quantity),
                words.usd(line.cost_usd),
            )
            for line in result.lines
        ],
        total=("total", "", "", "", "", words.usd(result.asked.monthly_usd)),
        alt="What is asked for, line by line, USD a month",
        right=("Units a month", "To pay", "USD a month"),
    )


def _who(index_name: str | None, what: str) -> str:
    return f"{index_name}: {what}" if index_name else what


def _capacities(table: Table, asked: Assumption) -> dict[tuple[str, str], Capacity | None]:
    """Return what is asked for, or is set today, by resource name and dimension; nothing of on-demand."""
    of_today = {resource.name: resource.dimensions for resource in table.resources}
    if asked.mode == "as_is":
        return {
            (name, dimension): part.today
            for name, dimensions in of_today.items()
            for dimension, part in dimensions.items()
        }
    return {
        (name, dimension): capacity
        for name, dimensions in asked.capacities.items()
        for dimension, capacity in dimensions.items()
    }


def _in_words(capacity: Capacity | None) -> str:
    if isinstance(capacity, Policy):
        return capacity_in_words(
            {"min": capacity.min_capacity, "max": capacity.max_capacity, "target": capacity.target}
        )
    return capacity_in_words({"units": capacity})


def _quantity(quantity: Decimal | None) -> str:
    return words.UNKNOWN if quantity is None else number(quantity)


def _simulated(minutes: Minutes, result: Result) -> None:
    if not result.simulated:
        return
    table = minutes.table
    known = max(simulated.known_minutes for simulated in result.simulated.values())
    st.subheader("Capacity and throttling")
    st.caption(
        f"Simulated over {counted(known, 'known minute')} of the window, in capacity units; throttled with "
        f"{number(table.burst_seconds)} s of burst, by which safety is judged, and with the "
        f"{number(BEST_EFFORT_BURST_SECONDS)} s that DynamoDB keeps at best effort"
    )
    bursts: dict[str, Callable[[Simulated], Throttling]] = {
        f"Throttled, {number(table.burst_seconds)} s": attrgetter("throttling"),
        f"Throttled, {number(BEST_EFFORT_BURST_SECONDS)} s": attrgetter("best_effort"),
    }
    numbers = ("Least", "Mean", "Greatest", "Changes a day", *bursts)
    grids.draw(
        ("What", *numbers, "Safe"),
        [
            (
                _who(_index(table, name), f"{dimension}s"),
                *_extremes(simulated),
                *(_throttled(throttling(simulated)) for throttling in bursts.values()),
                words.yes(simulated.is_safe),
            )
            for (name, dimension), simulated in result.simulated.items()
        ],
        alt="Simulated capacity and throttling of each dimension",
        right=numbers,
    )


def _index(table: Table, resource_name: str) -> str | None:
    return next(resource.index_name for resource in table.resources if resource.name == resource_name)


def _extremes(simulated: Simulated) -> tuple[str, str, str, str]:
    values = (simulated.least, simulated.mean, simulated.greatest, simulated.changes_per_day)
    least, mean, greatest, changes = (words.UNKNOWN if value is None else number(value) for value in values)
    return least, mean, greatest, changes


def _throttled(throttling: Throttling) -> str:
    if not throttling.minutes:
        return "none"
    return f"{counted(throttling.minutes, 'minute')}, {number(throttling.units, 0)} units"


def _chart(minutes: Minutes, result: Result) -> None:
    """Draw one dimension by the hour: means, and the highest minute of demand."""
    parts = {
        _who(resource.index_name, f"{dimension}s"): (resource.name, dimension)
        for resource in minutes.table.resources
        for dimension in what_if.DIMENSIONS
    }
    st.subheader("By the hour")
    chosen = st.selectbox("Of", list(parts), key="what-if chart")
    name, dimension = parts[chosen]
    simulated = result.simulated.get((name, dimension))
    rows = _by_hour(minutes, name, dimension, simulated)
    if rows["consumed"].isna().all():
        st.info("Nothing is known of its demand by the minute.")
        return
    st.caption("Units a second, UTC. Shift and the wheel zoom, dragging moves.")
    st.markdown(marks.legend(*_LEGEND, *([_CAPACITY] if simulated else [])))
    what = "Consumed against simulated" if simulated else "Consumed"
    st.altair_chart(charts.over_time(rows), alt=f"{what} {dimension} capacity by the hour, units a second")


def _by_hour(minutes: Minutes, name: str, dimension: str, simulated: Simulated | None) -> pd.DataFrame:
    consumed = what_if.hours(minutes, name, minutes.rates[name][dimension])
    starts_at = pd.to_datetime(consumed.starts).tz_localize("UTC")
    columns = {
        "starts_at": starts_at,
        "ends_at": starts_at + pd.Timedelta(hours=1),
        "label": starts_at.strftime("%Y-%m-%d %H:00"),
        "consumed": consumed.mean,
        "highest": consumed.highest,
    }
    if simulated:
        columns["simulated"] = what_if.hours(minutes, name, simulated.capacity).mean
    return pd.DataFrame(columns)
