"""Answers that are not what they should be: incomplete ones, and lists that go round in circles."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from optima.sandbox.faults import Kind
from optima.sandbox.wire import Call, Reply, json_reply

_POINTS = ("monitoring", "GetMetricData")
_NAMES = ("dynamodb", "ListTables")
# What a list is asked to go on from, and what it answers to go on from.
_TOKENS: Mapping[tuple[str, str], tuple[str, str]] = {
    _NAMES: ("ExclusiveStartTableName", "LastEvaluatedTableName"),
    ("dynamodb", "ListTagsOfResource"): ("NextToken", "NextToken"),
    _POINTS: ("NextToken", "NextToken"),
    ("organizations", "ListRoots"): ("NextToken", "NextToken"),
    ("organizations", "ListAccounts"): ("NextToken", "NextToken"),
    ("organizations", "ListAccountsForParent"): ("NextToken", "NextToken"),
    ("organizations", "ListOrganizationalUnitsForParent"): ("NextToken", "NextToken"),
    ("application-autoscaling", "DescribeScalableTargets"): ("NextToken", "NextToken"),
    ("application-autoscaling", "DescribeScalingPolicies"): ("NextToken", "NextToken"),
    ("pricing", "GetProducts"): ("NextToken", "NextToken"),
    ("bcm-data-exports", "ListExports"): ("NextToken", "NextToken"),
    ("cur", "DescribeReportDefinitions"): ("NextToken", "NextToken"),
}
# The token of a list that begins again each time it is asked to go on.
_AGAIN = "again"

# Kinds of faults that change an answer. (cut changes how it is sent.)
SPOILS: frozenset[Kind] = frozenset({"partial", "internal", "missing", "repeated_token"})


def can_spoil(kind: Kind, call: Call) -> bool:
    """Whether a fault of a kind means anything to a call. Kinds that spoil no answer do to all."""
    place = (call.service, call.operation)
    if kind == "partial":
        return place in (_POINTS, _NAMES)
    if kind in ("internal", "missing"):
        return place == _POINTS
    return kind != "repeated_token" or place in _TOKENS


def spoil(kind: Kind, call: Call, reply: Reply, draw: int) -> Reply | None:
    """The answer as the fault leaves it, or None if it has nothing that could be taken."""
    if kind not in SPOILS:
        return None
    answer = json.loads(reply.body)
    if kind == "repeated_token":
        asked, answered = _TOKENS[call.service, call.operation]
        spoilt: dict[str, Any] | None = {**answer, answered: call.json().get(asked, _AGAIN)}
    elif (call.service, call.operation) == _NAMES:
        spoilt = _without_names(answer)
    else:
        spoilt = _RESULTS[kind](answer, draw)
    return json_reply(spoilt) if spoilt is not None else None


def begun_again(call: Call) -> Call | None:
    """The first call of a list, if this one asks a list to go on that goes round in circles."""
    asked, _ = _TOKENS.get((call.service, call.operation), ("", ""))
    if not asked or _AGAIN.encode() not in call.body:
        return None
    request = call.json()
    if request.pop(asked, None) != _AGAIN:
        return None
    return replace(call, body=json.dumps(request).encode())


def repeating(call: Call, reply: Reply) -> Reply:
    """The answer to a list that goes round in circles: it always goes on from the same token."""
    _, answered = _TOKENS[call.service, call.operation]
    return json_reply({**json.loads(reply.body), answered: _AGAIN})


def _without_names(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    names = answer["TableNames"]
    return {"TableNames": names[: len(names) // 2]} if names else None


def _partial(answer: Mapping[str, Any], draw: int) -> dict[str, Any] | None:
    """One series ends half-way, and nothing says where to go on."""
    number = _chosen(answer, draw)
    if number is None:
        return None
    result = answer["MetricDataResults"][number]
    half = len(result["Values"]) // 2
    cut = {"Timestamps": result["Timestamps"][:half], "Values": result["Values"][:half]}
    spoilt = _with_result(answer, number, [{**result, **cut, "StatusCode": "PartialData"}])
    spoilt.pop("NextToken", None)
    return spoilt


def _internal(answer: Mapping[str, Any], draw: int) -> dict[str, Any] | None:
    """One series failed inside CloudWatch."""
    number = _chosen(answer, draw)
    if number is None:
        return None
    failed = {"Timestamps": [], "Values": [], "StatusCode": "InternalError"}
    return _with_result(answer, number, [{**answer["MetricDataResults"][number], **failed}])


def _missing(answer: Mapping[str, Any], draw: int) -> dict[str, Any] | None:
    """One series is not answered at all."""
    number = _chosen(answer, draw)
    return None if number is None else _with_result(answer, number, [])


_RESULTS: Mapping[str, Callable[[Mapping[str, Any], int], dict[str, Any] | None]] = {
    "partial": _partial,
    "internal": _internal,
    "missing": _missing,
}


def _chosen(answer: Mapping[str, Any], draw: int) -> int | None:
    """The place of one series: of those that have points, if any has."""
    results = answer["MetricDataResults"]
    places = [place for place, result in enumerate(results) if result["Values"]] or list(range(len(results)))
    return places[draw % len(places)] if places else None


def _with_result(answer: Mapping[str, Any], number: int, instead: list[Any]) -> dict[str, Any]:
    results = answer["MetricDataResults"]
    return {**answer, "MetricDataResults": [*results[:number], *instead, *results[number + 1 :]]}
