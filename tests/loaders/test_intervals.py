"""Spans of time: checked against sets of minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from loaders.cloudwatch.intervals import Interval, ceiling, common, floor, subtract, union

EPOCH = datetime(2026, 10, 1)


def at(minute: int) -> datetime:
    return EPOCH + timedelta(minutes=minute)


def minutes(spans: list[Interval]) -> set[int]:
    return {
        minute
        for start, end in spans
        for minute in range((start - EPOCH) // timedelta(minutes=1), (end - EPOCH) // timedelta(minutes=1))
    }


span = st.tuples(st.integers(0, 30), st.integers(1, 10)).map(lambda pair: (at(pair[0]), at(sum(pair))))
spans = st.lists(span, max_size=5)


@given(spans)
def test_union_has_the_same_minutes_in_spans_that_do_not_touch(given_spans: list[Interval]) -> None:
    merged = union(given_spans)
    assert minutes(merged) == minutes(given_spans)
    assert all(left[1] < right[0] for left, right in pairwise(merged))


@given(span, spans)
def test_subtracting_leaves_the_minutes_that_were_not_taken(whole: Interval, taken: list[Interval]) -> None:
    left = subtract(whole, taken)
    assert minutes(left) == minutes([whole]) - minutes(taken)
    assert sum(len(minutes([part])) for part in left) == len(minutes(left))


@given(st.lists(spans, min_size=1, max_size=3))
def test_what_is_common_lies_in_every_set(sets: list[list[Interval]]) -> None:
    assert minutes(common(sets)) == set.intersection(*(minutes(one) for one in sets))


def test_rounding_to_whole_periods() -> None:
    assert floor(datetime(2026, 10, 1, 10, 7, 30), 300) == datetime(2026, 10, 1, 10, 5)
    assert ceiling(datetime(2026, 10, 1, 10, 7, 30), 300) == datetime(2026, 10, 1, 10, 10)
    assert ceiling(datetime(2026, 10, 1, 10, 5), 300) == datetime(2026, 10, 1, 10, 5)
