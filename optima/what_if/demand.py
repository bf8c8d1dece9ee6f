"""The minutes of a table and its indexes over the window of a build, as the simulation takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optima import minutes as published_minutes
from optima.what_if.tables import DIMENSIONS, Table

if TYPE_CHECKING:
    import pyarrow as pa

    from optima.published import Build

Floats = NDArray[np.float64]

_EPOCH = datetime(1970, 1, 1)
_MINUTE = timedelta(minutes=1)
_MINUTES_PER_DAY, _MINUTES_PER_HOUR = 1440, 60


@dataclass(frozen=True, eq=False)
class Minutes:
    """Units per second of each minute of the window, NaN where unknown, by table or index and dimension.

    Attributes:
        table: Whose they are.
        start_minute: The window's first minute since 1970, UTC.
        rates: Of each table or index one array for reads and one for writes, as long as the window.
    """

    table: Table
    start_minute: int
    rates: Mapping[str, Mapping[str, Floats]]

    def known(self, resource_name: str) -> int:
        """Count the minutes of a table or index that are known."""
        return int(np.count_nonzero(~np.isnan(self.rates[resource_name]["read"])))

    @property
    def are_complete(self) -> bool:
        """Whether all minutes that the build knew are there still."""
        return all(
            self.known(resource.name) >= resource.dimensions["read"].known_minutes
            for resource in self.table.resources
        )


def read_minutes(build: Build, table: Table) -> Minutes:
    """Read a table's window from the minutes that a build published.

    Raises:
        OptimaError: The files cannot be read.
    """
    days = list(_days(table))
    rows = [
        published_minutes.read(build, table.account_id, table.region, resource.name, days)
        for resource in table.resources
    ]
    return minutes_of(table, rows)


def minutes_of(table: Table, rows: Iterable[pa.Table]) -> Minutes:
    """Lay days of minutes (columns resource_name, day, reads, writes) out over the window."""
    start = _minute(table.window_start)
    length = _minute(table.window_end) - start
    unknown = {
        resource.name: {dimension: np.full(length, np.nan) for dimension in DIMENSIONS}
        for resource in table.resources
    }
    for days in rows:
        names, dates = days["resource_name"].to_pylist(), days["day"].to_pylist()
        for dimension in DIMENSIONS:
            for name, day, values in zip(names, dates, days[f"{dimension}s"], strict=True):
                if name in unknown:
                    _put(unknown[name][dimension], _of_day(values), _minute_of(day) - start)
    for resource in table.resources:
        for rates in unknown[resource.name].values():
            rates[: max(0, _minute(resource.existing_from) - start)] = np.nan
    return Minutes(table, start, unknown)


def _of_day(values: pa.ListScalar) -> Floats:
    if not values.is_valid:
        return np.empty(0)
    return np.asarray(values.values.to_numpy(zero_copy_only=False), np.float64)


def _put(rates: Floats, values: Floats, place: int) -> None:
    """Copy a day into the window, as far as it lies in it."""
    first, end = max(0, place), min(rates.size, place + values.size)
    if first < end:
        rates[first:end] = values[first - place : end - place]


def _days(table: Table) -> Iterable[date]:
    day, last = table.window_start.date(), (table.window_end - _MINUTE).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _minute(instant: datetime) -> int:
    return (instant - _EPOCH) // _MINUTE


def _minute_of(day: date) -> int:
    return (day - _EPOCH.date()).days * _MINUTES_PER_DAY


@dataclass(frozen=True, eq=False)
class Hours:
    """A line by the hour (UTC): mean and highest over the known minutes, NaN where none is known."""

    starts: NDArray[np.datetime64]
    mean: Floats
    highest: Floats


def hours(minutes: Minutes, resource_name: str, values: Floats) -> Hours:
    """Gather values of a table or index, one a minute of the window, over the known minutes of each hour."""
    is_known = ~np.isnan(minutes.rates[resource_name]["read"])
    start, end = minutes.start_minute, minutes.start_minute + values.size
    first_hour = start // _MINUTES_PER_HOUR
    edges = [start, *range((first_hour + 1) * _MINUTES_PER_HOUR, end, _MINUTES_PER_HOUR), end]
    mean, highest = np.full(len(edges) - 1, np.nan), np.full(len(edges) - 1, np.nan)
    for hour, (first, after) in enumerate(pairwise(edges)):
        known = values[first - start : after - start][is_known[first - start : after - start]]
        if known.size:
            mean[hour], highest[hour] = known.mean(), known.max()
    starts = np.datetime64("1970-01-01T00", "h") + first_hour + np.arange(mean.size)
    return Hours(starts.astype("datetime64[ns]"), mean, highest)
