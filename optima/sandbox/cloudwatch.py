"""CloudWatch's GetMetricData over the computed series, with the limits of the real one.

boto3 speaks the JSON protocol to CloudWatch (of the three the service has, it prefers that one). Answers are
put together from bytes: timestamps are cut out of prepared text, values are written by the interpreter's
fastest means, so that a client's parser is what limits a load.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np

from optima.sandbox.limits import RECENT_MINUTES, Limits
from optima.sandbox.metrics import NO_POINTS, Points, points
from optima.sandbox.organisation import Organisation
from optima.sandbox.refusals import throttled
from optima.sandbox.wire import Call, Handlers, Reply, ServiceError

MAX_QUERIES = 500
MAX_POINTS = 100_800
_NAMESPACE = "AWS/DynamoDB"
_STATISTICS = {"Sum", "Average", "Minimum", "Maximum", "SampleCount"}
_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")


@dataclass(frozen=True)
class _Query:
    id: str
    label: str
    metric: str
    statistic: str
    period_minutes: int
    dimensions: Mapping[str, str]
    namespace: str


class CloudWatch:
    """The metrics of one organisation."""

    def __init__(self, organisation: Organisation, limits: Limits | None = None):
        self._organisation = organisation
        self._limits = limits

    def handlers(self) -> Handlers:
        """What is answered here rather than by moto."""
        return {("monitoring", "GetMetricData"): self.get_metric_data}

    def get_metric_data(self, call: Call) -> Reply:
        """At most 500 queries, and 100,800 points a page; the token is the place to go on from."""
        request = call.json()
        queries = [_parse_query(entry) for entry in _checked_queries(request)]
        start, stop = _instant(request, "StartTime"), _instant(request, "EndTime")
        if start >= stop:
            raise _invalid("The parameter StartTime must be less than the parameter EndTime.")
        room = request.get("MaxDatapoints", MAX_POINTS)
        if not 1 <= room <= MAX_POINTS:
            raise _invalid(f"The parameter MaxDatapoints must be between 1 and {MAX_POINTS}.")
        newest_first = request.get("ScanBy", "TimestampDescending") == "TimestampDescending"
        place, offset = _read_token(request.get("NextToken"), len(queries))
        self._admit(call, queries[place:], offset, (start, stop), room)
        results: list[bytes] = []
        token = None
        for position in range(place, len(queries)):
            if room == 0:
                token = f"{position}.0"
                break
            found = self._points(call, queries[position], start, stop)
            end = min(len(found.values), offset + room)
            is_whole = end == len(found.values)
            results.append(_write_result(queries[position], found, offset, end, newest_first, is_whole))
            room -= end - offset
            if not is_whole:
                token = f"{position}.{end}"
                break
            offset = 0
        return _write_page(results, token)

    def _admit(
        self, call: Call, queries: Sequence[_Query], offset: int, span: tuple[float, float], room: int
    ) -> None:
        """Hold a call to the limits. CloudWatch estimates its points by span and period, and counts a page.

        Raises:
            ServiceError: there were too many.
        """
        if self._limits is None:
            return
        minutes = (span[1] - span[0]) / 60
        estimated = sum(math.ceil(minutes / query.period_minutes) for query in queries) - offset
        recent_from = (self._organisation.clock_minute - RECENT_MINUTES) * 60
        is_recent = span[0] >= recent_from
        points = max(0, min(room, estimated))
        if not self._limits.admits(call.account_id, call.region, points, is_recent=is_recent):
            raise throttled(call.service)

    def _points(self, call: Call, query: _Query, start: float, stop: float) -> Points:
        """The series of the caller's account and region; one that is not there is empty, not an error."""
        resource_name = _resource_name(query.dimensions)
        resource = self._organisation.resource_by_key.get((call.account_id, call.region, resource_name or ""))
        if query.namespace != _NAMESPACE or resource is None:
            return NO_POINTS
        period = query.period_minutes
        # A period that has begun before the end belongs to the answer whole, as it does on AWS.
        first = int(start // 60) // period * period
        last = -(int(-stop // 60) // period) * period
        return points(self._organisation, resource, query.metric, query.statistic, period, first, last)


def _checked_queries(request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    entries = request.get("MetricDataQueries") or []
    if not entries:
        raise ServiceError("MissingParameter", "The parameter MetricDataQueries is required.")
    if len(entries) > MAX_QUERIES:
        raise _invalid(f"The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}.")
    ids = [entry.get("Id", "") for entry in entries]
    if len(set(ids)) != len(ids):
        raise _invalid("The values for parameter id in MetricDataQueries are not unique.")
    return [entry for entry in entries if entry.get("ReturnData", True)]


def _parse_query(entry: Mapping[str, Any]) -> _Query:
    query_id = entry.get("Id", "")
    if not _ID.fullmatch(query_id):
        raise _invalid(
            f"The value {query_id} for parameter MetricDataQueries Id is not matching the expected pattern."
        )
    stat = entry.get("MetricStat")
    if stat is None:
        raise _invalid("The sandbox computes no expressions: each query needs a MetricStat.")
    period, metric = stat.get("Period", 0), stat["Metric"]
    if period < 60 or period % 60:
        raise _invalid(f"The parameter Period of MetricDataQueries must be a multiple of 60, not {period}.")
    if stat.get("Stat") not in _STATISTICS:
        raise _invalid(f"The sandbox knows no statistic {stat.get('Stat')!r}.")
    return _Query(
        id=query_id,
        label=entry.get("Label", metric["MetricName"]),
        metric=metric["MetricName"],
        statistic=stat["Stat"],
        period_minutes=period // 60,
        dimensions={dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", [])},
        namespace=metric.get("Namespace", ""),
    )


def _resource_name(dimensions: Mapping[str, str]) -> str | None:
    """Series are kept of tables and of indexes; by operation, source or receiving region there are none."""
    if set(dimensions) == {"TableName"}:
        return dimensions["TableName"]
    if set(dimensions) == {"TableName", "GlobalSecondaryIndexName"}:
        return f"{dimensions['TableName']}#{dimensions['GlobalSecondaryIndexName']}"
    return None


def _instant(request: Mapping[str, Any], name: str) -> float:
    """Seconds since 1970: clients of the JSON protocol send numbers, some tools text."""
    value = request.get(name)
    if isinstance(value, int | float):
        return float(value)
    try:
        return datetime.fromisoformat(str(value).replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise _invalid(f"The parameter {name} is required and must be a timestamp.") from None


def _read_token(token: str | None, queries: int) -> tuple[int, int]:
    if token is None:
        return 0, 0
    position, _, offset = token.partition(".")
    if not (position.isdigit() and offset.isdigit() and int(position) < queries):
        raise ServiceError("InvalidNextToken", "The next token specified is invalid.")
    return int(position), int(offset)


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationError", message)


def _write_page(results: list[bytes], token: str | None) -> Reply:
    end = f',"NextToken":"{token}"' if token else ""
    body = b'{"MetricDataResults":[' + b",".join(results) + b'],"Messages":[]' + end.encode() + b"}"
    return Reply(body, "application/x-amz-json-1.0")


def _write_result(
    query: _Query, found: Points, begin: int, end: int, newest_first: bool, is_whole: bool
) -> bytes:
    """One result with the points begin … end − 1 of those found, counted in the order asked for."""
    count = len(found.values)
    if newest_first:
        minutes, values = (
            found.minutes[count - end : count - begin][::-1],
            found.values[count - end : count - begin][::-1],
        )
    else:
        minutes, values = found.minutes[begin:end], found.values[begin:end]
    status = "Complete" if is_whole else "PartialData"
    head = json.dumps({"Id": query.id, "Label": query.label, "StatusCode": status})[:-1]
    return b"".join(
        (
            head.encode(),
            b',"Timestamps":[',
            _timestamps(minutes),
            b'],"Values":',
            str(values.tolist()).encode(),
            b"}",
        )
    )


def _timestamps(minutes: range | np.ndarray) -> bytes:
    """Seconds since 1970, separated by commas."""
    if len(minutes) == 0:
        return b""
    if isinstance(minutes, np.ndarray):
        return str((minutes * 60).tolist())[1:-1].encode()
    return _range_of_timestamps(minutes.start, minutes.stop, minutes.step)


@lru_cache(maxsize=64)
def _range_of_timestamps(start: int, stop: int, step: int) -> bytes:
    """A load asks for the same spans again and again: each is written once and kept, 0.25 MB at most."""
    return str([minute * 60 for minute in range(start, stop, step)])[1:-1].encode()
