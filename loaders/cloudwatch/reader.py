"""Reading the points of one unit, and judging what they prove to be known.

An answer without a point means either that nothing happened or that CloudWatch has nothing; taking the second
for the first would make a busy table look idle. So each unit settles, from what was answered, which spans are
known and at which resolution. A series that was not answered whole is unknown, whatever came of it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from botocore.exceptions import ClientError
from numpy.typing import NDArray
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from loaders.aws.failures import code_of, is_throttling
from loaders.aws.paging import Calls
from loaders.cloudwatch.intervals import Interval, ceiling, floor
from loaders.cloudwatch.pacing import Pacer, is_recent
from loaders.cloudwatch.series import (
    KEPT,
    MINUTES,
    Resource,
    SeriesKey,
    Unit,
    dense_series_per_call,
    points_in,
    sparse_series_per_call,
)
from loaders.cloudwatch.spending import Allowance

# Silence shorter than this at the start of a span is not worth a second question.
_SILENCE = timedelta(hours=1)
# So many points, mostly five minutes apart and none off the five-minute grid, are no accident.
_GRID_POINTS = 12
# How often a series is asked for that CloudWatch answers with an error of its own, in part or not at all.
_ASKED_AT_MOST = 6
# What stands for a StatusCode where there was no answer, because the question would have cost too much.
_NOT_PAID_FOR = "nothing, for it was not asked again at the price,"

Item = TypeVar("Item")
Query = tuple[Resource, str]  # a resource and one of its metrics


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
    """What a unit yielded: points, the spans that are known now, and what CloudWatch did not answer.

    `unanswered` has the resources of which a series stays unknown, with what CloudWatch said of it.
    """

    points: list[Points] = field(default_factory=list)
    spans: list[tuple[SeriesKey, Interval]] = field(default_factory=list)
    unanswered: dict[Resource, str] = field(default_factory=dict)
    calls: int = 0
    bytes: int = 0

    @property
    def rows(self) -> int:
        """How many points there are."""
        return sum(len(series.values) for series in self.points)


@dataclass
class _Answer:
    """What one call said of one series, over all its pages."""

    status: str = "Missing"  # from the answer, that is; else CloudWatch's StatusCode
    messages: str = ""
    seconds: list[NDArray[np.float64]] = field(default_factory=list)
    values: list[NDArray[np.float64]] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether all points there are were answered."""
        return self.status == "Complete"

    def add(self, result: Any) -> None:
        """Add a page's part; the last one tells how it ended."""
        self.status = result.get("StatusCode", "Missing")
        self.messages = " ".join(str(message.get("Value", "")) for message in result.get("Messages", []))
        if result["Timestamps"]:
            self.seconds.append(np.asarray(result["Timestamps"], dtype=np.float64))
            self.values.append(np.asarray(result["Values"], dtype=np.float64))

    def points(self, resource: Resource, metric: str, period: int) -> Iterator[Points]:
        """Yield its points, if it has any."""
        if self.seconds:
            seconds = np.concatenate(self.seconds).astype(np.int64)
            yield Points(resource, metric, period, seconds, np.concatenate(self.values))


class UnitReader:
    """Reads one unit with one CloudWatch client.

    Args:
        now: the present as AWS sees it, which tells silence within retention from silence beyond it.
        pacer: the pace of the unit's account and region.
        allowance: what the unit may ask for.
    """

    def __init__(self, client: Any, unit: Unit, *, now: datetime, pacer: Pacer, allowance: Allowance) -> None:
        self._client = client
        self._unit = unit
        self._now = now
        self._pacer = pacer
        self._allowance = allowance
        self._calls = Calls()
        self._unanswered: dict[Resource, str] = {}

    def read(self) -> UnitRead:
        """Read the unit whole.

        Raises:
            ClientError, BotoCoreError: AWS refused a call.
        """
        unit = self._unit
        read = UnitRead()
        points = self._ask(unit.resources, unit.reading.metrics, unit.period, unit.span)
        if unit.reading is MINUTES and unit.period == 60:
            self._settle_minutes(points, read)
        else:
            read.points = points
            for resource in unit.resources:
                self._know(read, resource, unit.period, unit.span)
        # Of a resource of which a series is unknown nothing is kept: its reading is asked for whole again.
        read.unanswered = self._unanswered
        read.points = [one for one in read.points if one.resource not in self._unanswered]
        read.calls, read.bytes = self._calls.made, self._calls.bytes
        return read

    def _settle_minutes(self, points: list[Points], read: UnitRead) -> None:
        """Decide for each resource at which resolution its minutes are known, and from when.

        A resource whose points come every five minutes is published at 300 s. Where one is silent from the
        start of a span that may be beyond retention, 300 s is asked once for the silence: points there mean
        that 60 s is no longer kept. If there are none, it was idle; but only as far back as CloudWatch
        demonstrably keeps.
        """
        start, end = self._unit.span
        by_resource: dict[Resource, list[Points]] = defaultdict(list)
        for series in points:
            by_resource[series.resource].append(series)
        answered = [one for one in self._unit.resources if one not in self._unanswered]
        voices = {resource: _first_instant(by_resource[resource]) for resource in answered}
        silent = self._silences(voices) if self._unit.may_be_forgotten(self._now) else {}
        coarse = self._ask_again(silent, read)
        kept_from = self._kept_from([voice for voice in voices.values() if voice is not None])
        for resource, voice in voices.items():
            own = by_resource[resource]
            was_coarse = resource.name in self._unit.coarse
            period = 300 if _is_published_at_300(own, was_coarse=was_coarse) else 60
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
        """Ask at 300 s for silences, equal ones together, and return the resources that then have points.

        Throttles are asked for only where something was consumed.
        """
        together: dict[Interval, list[Resource]] = defaultdict(list)
        for resource, span in silent.items():
            together[span].append(resource)
        coarse: set[Resource] = set()
        for span, resources in together.items():
            found = self._ask(resources, MINUTES.dense, 300, span)
            heard = {series.resource for series in found}
            found += self._ask([one for one in resources if one in heard], MINUTES.sparse, 300, span)
            read.points.extend(found)
            coarse |= heard
        return coarse

    def _kept_from(self, voices: Sequence[datetime]) -> datetime:
        """Return since when silence means idleness: CloudWatch keeps that long, or a neighbour has points."""
        start = self._unit.span[0]
        if start >= self._now - KEPT[300]:
            return start
        return min(voices, default=self._unit.span[1])

    def _know(self, read: UnitRead, resource: Resource, period: int, span: Interval) -> None:
        if span[0] >= span[1] or resource in self._unanswered:
            return
        reading = self._unit.reading
        for metric in reading.metrics:
            key = (resource.account_id, resource.region, resource.name, metric, reading.statistic, period)
            read.spans.append((key, span))

    def _ask(
        self, resources: Sequence[Resource], metrics: Sequence[str], period: int, span: Interval
    ) -> list[Points]:
        """Ask for metrics of the unit's reading, in calls as full as their points allow.

        What CloudWatch could not answer is asked again after a while, and then given up as unanswered.
        """
        found: list[Points] = []
        left = [(resource, metric) for resource in resources for metric in metrics]
        statuses: dict[Query, str] = {}

        def attempt() -> bool:
            nonlocal left, statuses
            statuses = self._ask_once(left, period, span, found)
            left = list(statuses)
            return any(status != _NOT_PAID_FOR for status in statuses.values())

        Retrying(
            retry=retry_if_result(bool),
            stop=stop_after_attempt(_ASKED_AT_MOST),
            wait=wait_random_exponential(multiplier=0.2, max=5),
            retry_error_callback=lambda _state: None,
        )(attempt)
        self._unanswered.update({resource: status for (resource, _), status in statuses.items()})
        return found

    def _ask_once(
        self, queries: Sequence[Query], period: int, span: Interval, found: list[Points]
    ) -> dict[Query, str]:
        """Ask for series and add those that were answered whole to `found`. Returns the others, and why."""
        points = points_in(span, period)
        sparse = set(self._unit.reading.sparse)
        calls = deque(
            _chunks([query for query in queries if query[1] not in sparse], dense_series_per_call(points))
        )
        calls.extend(
            _chunks([query for query in queries if query[1] in sparse], sparse_series_per_call(points))
        )
        statuses: dict[Query, str] = {}
        while calls:
            left = self._call(calls.popleft(), period, span, found, statuses)
            calls.extend(_chunks(left, dense_series_per_call(points)))
        return statuses

    def _call(
        self,
        queries: Sequence[Query],
        period: int,
        span: Interval,
        found: list[Points],
        statuses: dict[Query, str],
    ) -> list[Query]:
        """Ask for some series and add those answered whole to `found`, of the others why not to `statuses`.

        Each page of an answer charges every series again. So once a page has finished some of them, the
        others are better asked for by themselves: they are returned.

        Raises:
            ClientError, BotoCoreError: AWS refused the call, or one of its series.
        """
        answers = {f"q{number}": _Answer() for number in range(len(queries))}
        tokens: set[str] = set()
        token: str | None = None
        why, is_cut = "", False
        while not why:
            page = self._page(queries, period, span, token)
            if page is None:
                why = _NOT_PAID_FOR
                break
            for result in page["MetricDataResults"]:
                answers[result["Id"]].add(result)
            token = page.get("NextToken")
            is_cut = bool(token) and any(answer.is_whole for answer in answers.values())
            if not token or is_cut:
                break
            why = "RepeatedToken" if token in tokens else ""
            tokens.add(token)
        left: list[Query] = []
        for query, answer in zip(queries, answers.values(), strict=True):
            if answer.status == "Forbidden":
                raise _forbidden(answer, query)
            if answer.is_whole:
                found.extend(answer.points(*query, period))
            elif is_cut:
                left.append(query)
            else:
                statuses[query] = why or answer.status
        return left

    def _page(self, queries: Sequence[Query], period: int, span: Interval, token: str | None) -> Any:
        """Make one call, in its turn; None if it may not be paid for."""
        if not self._allowance.take(len(queries)):
            return None
        request: dict[str, Any] = {
            "MetricDataQueries": [
                _query(f"q{number}", *query, self._unit.reading.statistic, period)
                for number, query in enumerate(queries)
            ],
            "StartTime": span[0].replace(tzinfo=UTC),
            "EndTime": span[1].replace(tzinfo=UTC),
            "ScanBy": "TimestampAscending",
        }
        if token:
            request["NextToken"] = token
        points = len(queries) * points_in(span, period)
        self._pacer.wait(points, is_recent=is_recent(span[0], self._now))
        try:
            page = self._calls.one(self._client.get_metric_data, **request)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            self._pacer.answered(throttled=int(is_throttling(code_of(error), status)))
            raise
        self._pacer.answered(page["ResponseMetadata"].get("ThrottledAttempts", 0))
        return page


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


def _forbidden(answer: _Answer, query: Query) -> ClientError:
    """Build the error of a call that was allowed, but not for what it asked for."""
    said = answer.messages or f"{query[1]} of {query[0].name}"
    return ClientError({"Error": {"Code": "Forbidden", "Message": said}}, "GetMetricData")


def _is_published_at_300(series: Sequence[Points], *, was_coarse: bool) -> bool:
    """Tell a resource whose points come every five minutes from one that is used at such minutes only.

    One that was published so before the span (`was_coarse`) still is, unless its points say otherwise.
    """
    dense = [one for one in series if one.metric in MINUTES.dense]
    if any(np.any(one.seconds % 300) for one in dense):
        return False
    return was_coarse or any(
        len(one.seconds) >= _GRID_POINTS and np.median(np.diff(one.seconds)) == 300 for one in dense
    )


def _at_period(series: Points, period: int) -> Points:
    return Points(series.resource, series.metric, period, series.seconds, series.values)


def _chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]
