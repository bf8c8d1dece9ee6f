"""Reading the points of one unit, and judging what they prove to be known.

An answer without a point means either that nothing happened or that CloudWatch has nothing; taking the second
for the first would make a busy table look idle. So each unit settles, from what was answered, which spans are
known and at which resolution.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loaders.aws.paging import Calls
from loaders.cloudwatch.intervals import Interval, ceiling, floor
from loaders.cloudwatch.series import (
    KEPT,
    MAX_POINTS,
    MAX_QUERIES,
    MINUTES,
    Resource,
    SeriesKey,
    Unit,
)

# Silence shorter than this at the start of a span is not worth a second question.
_SILENCE = timedelta(hours=1)
# So many points, mostly five minutes apart and none off the five-minute grid, are no accident.
_GRID_POINTS = 12

Item = TypeVar("Item")


@dataclass(frozen=True)
class Points:
    """The points of one series, as CloudWatch answered them: seconds since 1970, ascending, and values."""

    resource: Resource
    metric: str
    period: int
    seconds: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass
class UnitRead:
    """What a unit yielded: points, and the spans of the series that are known now."""

    points: list[Points] = field(default_factory=list)
    spans: list[tuple[SeriesKey, Interval]] = field(default_factory=list)
    calls: int = 0

    @property
    def rows(self) -> int:
        """How many points there are."""
        return sum(len(series.values) for series in self.points)


class UnitReader:
    """Reads one unit with one CloudWatch client.

    Args:
        now: the real clock, which tells silence within CloudWatch's retention from silence beyond it.
    """

    def __init__(self, client: Any, unit: Unit, *, now: datetime) -> None:
        self._client = client
        self._unit = unit
        self._now = now
        self._calls = Calls()

    def read(self) -> UnitRead:
        """Read the unit whole.

        Raises:
            ClientError, BotoCoreError: AWS refused a call.
        """
        unit = self._unit
        points = self._ask(unit.resources, unit.period, unit.span)
        read = UnitRead()
        if unit.reading is MINUTES and unit.period == 60:
            self._settle_minutes(points, read)
        else:
            read.points = points
            for resource in unit.resources:
                self._know(read, resource, unit.period, unit.span)
        read.calls = self._calls.made
        return read

    def _settle_minutes(self, points: list[Points], read: UnitRead) -> None:
        """Decide for each resource at which resolution its minutes are known, and from when.

        A resource whose points come every five minutes is published at 300 s. Where one is silent
        from the start of the span, 300 s is asked once for the silence: points there mean that 60 s is no
        longer kept. If there are none, it was idle; but only as far back as CloudWatch demonstrably keeps.
        """
        start, end = self._unit.span
        by_resource: dict[Resource, list[Points]] = defaultdict(list)
        for series in points:
            by_resource[series.resource].append(series)
        voices = {resource: _first_instant(by_resource[resource]) for resource in self._unit.resources}
        silent = self._silences(voices)
        coarse = self._ask_again(silent, read)
        kept_from = self._kept_from([voice for voice in voices.values() if voice is not None])
        for resource, voice in voices.items():
            own = by_resource[resource]
            period = 300 if _is_published_at_300(own) else 60
            read.points.extend(_at_period(one, period) for one in own)
            known_from = start
            if resource in coarse:
                self._know(read, resource, 300, silent[resource])
                known_from = silent[resource][1]
            elif resource in silent:
                known_from = min(max(start, kept_from), voice or end)
            self._know(read, resource, period, (known_from, end))

    def _silences(self, voices: Mapping[Resource, datetime | None]) -> dict[Resource, Interval]:
        """Return from when until when each resource is silent at the start of the span, if it is for long."""
        start, end = self._unit.span
        until = {resource: floor(voice or end, 300) for resource, voice in voices.items()}
        return {
            resource: (ceiling(start, 300), first)
            for resource, first in until.items()
            if first - start >= _SILENCE
        }

    def _ask_again(self, silent: Mapping[Resource, Interval], read: UnitRead) -> set[Resource]:
        """Ask at 300 s for silences, equal ones together, and return the resources that then have points."""
        together: dict[Interval, list[Resource]] = defaultdict(list)
        for resource, span in silent.items():
            together[span].append(resource)
        found = [series for span, resources in together.items() for series in self._ask(resources, 300, span)]
        read.points.extend(found)
        return {series.resource for series in found}

    def _kept_from(self, voices: Sequence[datetime]) -> datetime:
        """Return since when silence means idleness: CloudWatch keeps that long, or a neighbour has points."""
        start = self._unit.span[0]
        if start >= self._now - KEPT[300]:
            return start
        return min(voices, default=self._unit.span[1])

    def _know(self, read: UnitRead, resource: Resource, period: int, span: Interval) -> None:
        if span[0] >= span[1]:
            return
        reading = self._unit.reading
        for metric in reading.metrics:
            key = (resource.account_id, resource.region, resource.name, metric, reading.statistic, period)
            read.spans.append((key, span))

    def _ask(self, resources: Sequence[Resource], period: int, span: Interval) -> list[Points]:
        """Ask for all metrics of the unit's reading, in calls as full as their points allow."""
        reading = self._unit.reading
        per_series = max(1, int((span[1] - span[0]).total_seconds()) // period)
        dense = [(resource, metric) for resource in resources for metric in reading.dense]
        sparse = [(resource, metric) for resource in resources for metric in reading.sparse]
        found: list[Points] = []
        for queries in _chunks(dense, min(MAX_QUERIES, max(1, MAX_POINTS // per_series))):
            found.extend(self._call(queries, period, span))
        for queries in _chunks(sparse, MAX_QUERIES):
            found.extend(self._call(queries, period, span))
        return found

    def _call(self, queries: Sequence[tuple[Resource, str]], period: int, span: Interval) -> Iterator[Points]:
        """Make one GetMetricData call, with all its pages, and yield the series that have points."""
        ids = {f"q{number}": query for number, query in enumerate(queries)}
        seconds: dict[str, list[Any]] = defaultdict(list)
        values: dict[str, list[Any]] = defaultdict(list)
        for page in self._calls.pages(
            self._client,
            "get_metric_data",
            MetricDataQueries=[
                _query(query_id, *query, self._unit.reading.statistic, period)
                for query_id, query in ids.items()
            ],
            StartTime=span[0].replace(tzinfo=UTC),
            EndTime=span[1].replace(tzinfo=UTC),
            ScanBy="TimestampAscending",
        ):
            for result in page["MetricDataResults"]:
                if result["Timestamps"]:
                    seconds[result["Id"]].append(np.asarray(result["Timestamps"], dtype=np.float64))
                    values[result["Id"]].append(np.asarray(result["Values"], dtype=np.float64))
        for query_id, parts in seconds.items():
            resource, metric = ids[query_id]
            yield Points(
                resource,
                metric,
                period,
                np.concatenate(parts).astype(np.int64),
                np.concatenate(values[query_id]),
            )


def points_table(read: UnitRead, unit: Unit) -> pa.Table:
    """Build the rows of `raw_cloudwatch.metrics`, with strings as dictionaries and no object per point."""
    lengths = np.array([len(series.values) for series in read.points])
    rows = int(lengths.sum())
    names = sorted({series.resource.name for series in read.points})
    metrics = list(unit.reading.metrics)

    def repeated(values: list[int], kind: Any) -> NDArray[Any]:
        return np.repeat(np.array(values, dtype=kind), lengths)

    def dictionary(indices: NDArray[Any], values: list[str]) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(indices), pa.array(values, pa.string()))

    one = np.zeros(rows, dtype=np.int32)
    place = {name: number for number, name in enumerate(names)}
    seconds = np.concatenate([series.seconds for series in read.points])
    return pa.table(
        {
            "account_id": dictionary(one, [unit.account_id]),
            "region": dictionary(one, [unit.region]),
            "resource_name": dictionary(
                repeated([place[series.resource.name] for series in read.points], np.int32), names
            ),
            "metric_name": dictionary(
                repeated([metrics.index(series.metric) for series in read.points], np.int32), metrics
            ),
            "statistic": dictionary(one, [unit.reading.statistic]),
            "period_seconds": pa.array(repeated([series.period for series in read.points], np.int32)),
            "timestamp": pa.array(seconds * 1_000_000).cast(pa.timestamp("us")),
            "value": pa.array(np.concatenate([series.values for series in read.points])),
        }
    )


def _query(query_id: str, resource: Resource, metric: str, statistic: str, period: int) -> dict[str, object]:
    dimensions = [{"Name": "TableName", "Value": resource.table_name}]
    if resource.index_name is not None:
        dimensions.append({"Name": "GlobalSecondaryIndexName", "Value": resource.index_name})
    named = {"Namespace": "AWS/DynamoDB", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": query_id, "MetricStat": {"Metric": named, "Stat": statistic, "Period": period}}


def _first_instant(series: Sequence[Points]) -> datetime | None:
    """Return the earliest point of several series; None if there is none."""
    if not series:
        return None
    first = min(int(one.seconds[0]) for one in series)
    return datetime.fromtimestamp(first, UTC).replace(tzinfo=None)


def _is_published_at_300(series: Sequence[Points]) -> bool:
    """Tell a resource whose points come every five minutes from one that is used at such minutes only."""
    dense = [one for one in series if one.metric in MINUTES.dense]
    if any(np.any(one.seconds % 300) for one in dense):
        return False
    return any(len(one.seconds) >= _GRID_POINTS and np.median(np.diff(one.seconds)) == 300 for one in dense)


def _at_period(series: Points, period: int) -> Points:
    return Points(series.resource, series.metric, period, series.seconds, series.values)


def _chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]
