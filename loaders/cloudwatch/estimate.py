"""What a load of metrics would ask CloudWatch for, what AWS would charge, and how long it would take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from loaders.cloudwatch.series import POINTS_PER_SECOND, READINGS, USD_PER_QUERY, Unit

# What is assumed of a workspace without a past: how long a full answer takes to come, and how fast points are
# parsed and written.
CALL_SECONDS = 1.0
ROWS_PER_SECOND = 200_000
# Of so many past loads the rate is taken.
_LOADS = 5


@dataclass(frozen=True)
class Part:
    """What one reading (minutes, capacity or memory) asks for.

    `queries` are metrics requested, each of which is charged.
    """

    reading: str
    units: int
    calls: int
    queries: int
    queries_at_most: int
    points: int

    @property
    def usd(self) -> float:
        """What AWS charges."""
        return self.queries * USD_PER_QUERY


@dataclass(frozen=True)
class Estimate:
    """What a load would ask of CloudWatch over [start, end), naive UTC, and what AWS would charge for it.

    `parts` has one entry for each reading of which something is due. `known_queries` counts the metrics that
    are not asked for because nothing of them is missing. `seconds` is from this workspace's own past, or
    (`is_assumed`) from stated assumptions. `resources` counts tables and indexes; `left_out` is a sentence.
    """

    start: datetime
    end: datetime
    resources: int
    parts: tuple[Part, ...]
    known_queries: int
    seconds: float
    is_assumed: bool
    max_usd: float | None = None
    left_out: str | None = None

    @property
    def units(self) -> int:
        """Units of work."""
        return sum(part.units for part in self.parts)

    @property
    def calls(self) -> int:
        """Calls of GetMetricData."""
        return sum(part.calls for part in self.parts)

    @property
    def queries(self) -> int:
        """Metrics requested, if nothing has to be asked twice."""
        return sum(part.queries for part in self.parts)

    @property
    def points(self) -> int:
        """Points of series without gaps."""
        return sum(part.points for part in self.parts)

    @property
    def usd(self) -> float:
        """What AWS charges for that."""
        return self.queries * USD_PER_QUERY

    @property
    def usd_at_most(self) -> float:
        """What AWS charges at most, unless it fails to answer at once and whole."""
        return sum(part.queries_at_most for part in self.parts) * USD_PER_QUERY


def parts(units: Sequence[Unit], now: datetime) -> tuple[Part, ...]:
    """Add up what units ask for, by reading."""
    by_reading = {reading.name: [unit for unit in units if unit.reading is reading] for reading in READINGS}
    return tuple(
        Part(
            reading=name,
            units=len(members),
            calls=sum(unit.calls for unit in members),
            queries=sum(unit.queries for unit in members),
            queries_at_most=sum(unit.queries_at_most(now) for unit in members),
            points=sum(unit.points for unit in members),
        )
        for name, members in by_reading.items()
        if members
    )


def seconds(
    connection: duckdb.DuckDBPyConnection, units: Sequence[Unit], concurrency: int
) -> tuple[float, bool]:
    """Return how long units will take, and whether that is assumed because nothing was loaded here before.

    Past loads say by how much the assumptions are wrong here. No account and region is read faster than AWS
    allows.
    """
    past = connection.execute(
        """
        select coalesce(sum(calls), 0), coalesce(sum(rows_loaded), 0), coalesce(sum(seconds), 0)
        from (
            select calls, rows_loaded, date_diff('millisecond', started_at, ended_at) / 1000 as seconds
            from ops.collection_state
            where
                operation = 'collect'
                and status in ('complete', 'partial')
                and calls > 0
                -- A resumed one lasted as long as nobody resumed it.
                and operation_id not in (select operation_id from ops.checkpoints where attempts > 1)
            order by started_at desc
            limit ?
        )
        """,
        [_LOADS],
    ).fetchone()
    calls, rows, took = past or (0, 0, 0.0)
    wrong_by = float(took) / _assumed(calls, rows, concurrency) if calls else 1.0
    here = _assumed(sum(unit.calls for unit in units), sum(unit.points for unit in units), concurrency)
    return max(here * wrong_by, _least(units)), not calls


def _assumed(calls: int, points: int, concurrency: int) -> float:
    return calls * CALL_SECONDS / concurrency + points / ROWS_PER_SECOND


def _least(units: Sequence[Unit]) -> float:
    """Return how long the account and region with the most points takes at AWS's limit."""
    points: Counter[tuple[str, str]] = Counter()
    for unit in units:
        points[unit.account_id, unit.region] += unit.queries * unit.points_per_series
    return max(points.values(), default=0) / POINTS_PER_SECOND
