"""Consumed against provisioned against simulated capacity: by day, by hour, and the minutes of one day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
import streamlit as st

from dashboard.data import table as data
from dashboard.data.table import Place, Row
from dashboard.view import View
from dashboard.views.table import charts, grids, words
from optima.errors import OptimaError
from optima.explained import arithmetic as sums
from optima.wording import counted, number

_ITSELF = "Table itself"
_DIMENSIONS = {"Reads": "read", "Writes": "write"}
_DAYS, _HOURS, _MINUTES = "Days", "Hours", "Minutes of a day"
_SHARES = ("mean", "p50", "p90", "p95", "p99", "max")
# How long what a row stands for is.
_LENGTHS = {_DAYS: pd.Timedelta(days=1), _HOURS: pd.Timedelta(hours=1), _MINUTES: pd.Timedelta(minutes=1)}
_NOUNS = {_DAYS: "day", _HOURS: "hour", _MINUTES: "minute"}
_LABELS = {_DAYS: "%Y-%m-%d", _HOURS: "%Y-%m-%d %H:00", _MINUTES: "%Y-%m-%d %H:%M"}


@st.fragment
def render(view: View, table: Row) -> None:
    """Draw the part."""
    place = Place(table["account_id"], table["region"], table["table_name"])
    index_name, dimension, by = _choose(view, place)
    try:
        rows, note = _rows(view, place, index_name, by)
    except OptimaError as error:
        st.info(str(error))
    else:
        _curve(rows, dimension, by, note)
    _percentiles(view, place, index_name, dimension)


def _choose(view: View, place: Place) -> tuple[str | None, str, str]:
    """Draw what can be chosen; return the index (None is the table), the dimension and the resolution."""
    names = [row["index_name"] for row in data.indexes(view.build, place)]
    resource, dimension, by = st.columns([2, 1, 2], vertical_alignment="bottom")
    chosen = resource.selectbox("Table or index", [_ITSELF, *names], key="resource", bind="query-params")
    units = dimension.segmented_control(
        "Dimension", list(_DIMENSIONS), default="Reads", required=True, key="units", bind="query-params"
    )
    resolution = by.segmented_control(
        "By", list(_LENGTHS), default=_HOURS, required=True, key="by", bind="query-params"
    )
    return None if chosen == _ITSELF else chosen, _DIMENSIONS[units or "Reads"], resolution or _HOURS


def _rows(view: View, place: Place, index_name: str | None, by: str) -> tuple[pd.DataFrame, str]:
    """Return what is drawn, both dimensions, and what is to be said of it."""
    if by == _DAYS:
        rows = data.by_day(view.build, place, index_name)
        return rows.rename(columns={"day": "starts_at"}), "in the window"
    if by == _HOURS:
        rows = _with_throttles(view, place, index_name, data.by_hour(view.build, place, index_name))
        return rows.rename(columns={"hour_starts_at": "starts_at"}), "in the window"
    day = _day(data.minute_days(view.build))
    if day is None:
        raise OptimaError(
            "The build has no minutes: `dynamodb-optima run` loads what CloudWatch still holds and "
            "publishes it."
        )
    rows = data.by_minute(view.build, place, index_name, day)
    return rows.rename(columns={"minute_starts_at": "starts_at"}), f"on {day:%A, %Y-%m-%d}"


def _with_throttles(view: View, place: Place, index_name: str | None, hours: pd.DataFrame) -> pd.DataFrame:
    """Add the throttle events of each hour, where the build still has its minutes."""
    try:
        return hours.merge(
            data.throttled_hours(view.build, place, index_name), how="left", on="hour_starts_at"
        )
    except OptimaError:
        return hours


def _day(days: Sequence[date]) -> date | None:
    """Let the reader choose one of the days of which there are minutes, the newest first."""
    if not days:
        return None
    by_name = {f"{day:%Y-%m-%d}": day for day in reversed(days)}
    chosen = st.selectbox(
        "Day (UTC)",
        list(by_name),
        key="day",
        bind="query-params",
        width=220,
    )
    return by_name[chosen or next(iter(by_name))]


def _curve(rows: pd.DataFrame, dimension: str, by: str, note: str) -> None:
    drawn = _drawn(rows, dimension, by)
    if not len(drawn) or drawn["consumed"].isna().all():
        st.info(f"No demand is known {note}.")
        return
    noun = _NOUNS[by]
    mean = "of the minute" if by == _MINUTES else f"mean of the {noun}"
    st.caption(
        f"{dimension.capitalize()} units a second, UTC; consumed: {mean}. "
        "Unknown stretches are left blank. Shift and the wheel zoom, dragging moves."
    )
    st.markdown(charts.time_legend(drawn))
    st.altair_chart(
        charts.over_time(drawn, by_minute=by == _MINUTES),
        alt=f"Consumed, provisioned and simulated {dimension} capacity by {noun} {note}, units a second",
    )
    _unknown(drawn, noun)


def _drawn(rows: pd.DataFrame, dimension: str, by: str) -> pd.DataFrame:
    """Return the rows of one dimension, as charts have them."""
    starts_at = pd.to_datetime(rows["starts_at"]).dt.tz_localize("UTC")
    rate = f"{dimension}_units_per_second" if by == _MINUTES else f"{dimension}_mean_units_per_second"
    columns = {
        "starts_at": starts_at,
        "ends_at": starts_at + _LENGTHS[by],
        "label": starts_at.dt.strftime(_LABELS[by]),
        "consumed": rows[rate],
        "provisioned": rows[f"{dimension}_provisioned_units"],
        "simulated": rows[f"{dimension}_simulated_units"],
    }
    if by != _MINUTES:
        columns["highest"] = rows[f"{dimension}_max_units_per_second"]
    if f"{dimension}_throttle_events" in rows:
        columns["throttles"] = rows[f"{dimension}_throttle_events"]
    return pd.DataFrame(columns)


def _unknown(drawn: pd.DataFrame, noun: str) -> None:
    unknown = int(drawn["consumed"].isna().sum())
    if unknown:
        st.caption(f"{counted(unknown, noun)} of {len(drawn):,} unknown: not drawn, and not counted as zero.")


def _percentiles(view: View, place: Place, index_name: str | None, dimension: str) -> None:
    st.subheader("Percentiles")
    st.caption(
        "Of the known minutes of the window, units a second; of provisioned capacity where there is some"
    )
    rows = [*_rates(view, place, index_name), *_utilisation(view, place, index_name)]
    if rows:
        grids.draw(("Minutes", *_SHARES), rows, alt="Percentiles of the window", right=_SHARES)
    days = data.by_day(view.build, place, index_name)
    if len(days):
        starts_at = pd.to_datetime(days["day"]).dt.tz_localize("UTC")
        drawn = pd.DataFrame(
            {"starts_at": starts_at, "label": starts_at.dt.strftime("%Y-%m-%d")}
            | {name: days[f"{dimension}_{name}_units_per_second"] for name in ("p50", "p90", "p99", "max")}
            | {"provisioned": days[f"{dimension}_provisioned_units"]}
        )
        st.markdown(charts.percentiles_legend(drawn))
        st.altair_chart(
            charts.percentiles_by_day(drawn), alt=f"Percentiles of {dimension} rates by day, units a second"
        )


def _rates(view: View, place: Place, index_name: str | None) -> list[tuple[str, ...]]:
    """Return the percentiles of the minutes; nothing where no minutes are there."""
    coverage = next(
        (row for row in data.coverage(view.build, place) if row["index_name"] == index_name), None
    )
    if coverage is None or coverage["window_start"] is None or coverage["window_end"] is None:
        return []
    start = max(filter(None, (coverage["window_start"], coverage["demand_starts_at"])))
    try:
        found = data.percentiles(view.build, place, index_name, start, coverage["window_end"])
    except OptimaError as error:
        st.info(str(error))
        return []
    return [(f"{row['dimension']}s a second", *(number(row[share], 2) for share in _SHARES)) for row in found]


def _utilisation(view: View, place: Place, index_name: str | None) -> list[tuple[str, ...]]:
    """Return the same in percent of the provisioned capacity, where there is any."""
    found = data.explained(view, place)
    if isinstance(found, str):
        return []
    return [
        (
            f"{name}s, of provisioned",
            *(
                words.UNKNOWN
                if row[f"{name}_{share}_utilization"] is None
                else sums.ratio(row[f"{name}_{share}_utilization"])
                for share in _SHARES
            ),
        )
        for row in found.advice
        if row["kind"] == "utilization" and row["index_name"] == index_name
        for name in data.DIMENSIONS
    ]
