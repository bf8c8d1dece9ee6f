"""Arithmetic of half-open spans of time [start, end)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

Interval = tuple[datetime, datetime]

_EPOCH = datetime(1970, 1, 1)


def floor(instant: datetime, seconds: int) -> datetime:
    """Return the latest whole multiple of `seconds` since 1970 that is not after the instant."""
    return instant - (instant - _EPOCH) % timedelta(seconds=seconds)


def ceiling(instant: datetime, seconds: int) -> datetime:
    """Return the earliest whole multiple of `seconds` since 1970 that is not before the instant."""
    floored = floor(instant, seconds)
    return floored if floored == instant else floored + timedelta(seconds=seconds)


def union(spans: Iterable[Interval]) -> list[Interval]:
    """Merge spans that overlap or touch; sorted."""
    merged: list[Interval] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def intersection(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    """Return what lies in a span of each."""
    found = [(max(a[0], b[0]), min(a[1], b[1])) for a in left for b in right]
    return union(span for span in found if span[0] < span[1])


def common(sets: Sequence[Sequence[Interval]]) -> list[Interval]:
    """Return what lies in a span of every set."""
    if not sets:
        return []
    result = list(sets[0])
    for other in sets[1:]:
        result = intersection(result, other)
    return result


def subtract(span: Interval, taken: Iterable[Interval]) -> list[Interval]:
    """Return what is left of a span."""
    start, end = span
    left: list[Interval] = []
    for taken_start, taken_end in union(taken):
        if taken_end <= start or taken_start >= end:
            continue
        if taken_start > start:
            left.append((start, taken_start))
        start = max(start, taken_end)
    if start < end:
        left.append((start, end))
    return left
