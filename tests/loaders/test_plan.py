"""What a load of metrics asks for: by age, mode, retention and what is known."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.cloudwatch.intervals import Interval, ceiling, common, floor, intersection, subtract, union
from loaders.cloudwatch.series import (
    CAPACITY,
    KEPT,
    MEMORY,
    MINUTES,
    READINGS,
    Known,
    Reading,
    Resource,
    Unit,
    Wanted,
    known_queries,
    plan,
)

END = datetime(2026, 11, 1)
START = END - timedelta(days=14)
LONG_AGO = datetime(2020, 1, 1)


def resource(name: str = "orders", *, provisioned: bool = False, created: datetime = LONG_AGO) -> Resource:
    return Resource("012345678901", "us-east-1", name, None, provisioned, created)


def wanted(start: datetime = START, end: datetime = END, *, memory: bool = False) -> Wanted:
    return Wanted(start=start, end=end, clock=END, long_memory=memory)


def known(metric: str, period: int, *spans: tuple[datetime, datetime], statistic: str = "Sum") -> Known:
    return {("012345678901", "us-east-1", "orders", metric, statistic, period): list(spans)}


def asked(units: list[Unit]) -> list[tuple[str, int, datetime, datetime]]:
    return sorted((unit.reading.name, unit.period, *unit.span) for unit in units)


def test_an_on_demand_table_is_asked_for_its_minutes_only() -> None:
    assert asked(plan([resource()], {}, wanted())) == [("minutes", 60, START, END)]


def test_a_provisioned_table_is_asked_for_its_capacity_too() -> None:
    units = plan([resource(provisioned=True)], {}, wanted())
    assert asked(units) == [("capacity", 300, START, END), ("minutes", 60, START, END)]


def test_what_is_older_than_fifteen_days_is_asked_at_five_minutes() -> None:
    start, edge = END - timedelta(days=30), END - timedelta(days=15)
    assert asked(plan([resource()], {}, wanted(start))) == [
        ("minutes", 60, edge, END),
        ("minutes", 300, start, edge),
    ]


def test_what_is_older_than_sixty_three_days_is_asked_by_the_hour_only() -> None:
    units = plan([resource()], {}, wanted(END - timedelta(days=100), memory=True))
    assert asked(units) == [
        ("memory", 3600, END - timedelta(days=455), END),
        ("minutes", 60, END - timedelta(days=15), END),
        ("minutes", 300, END - timedelta(days=63), END - timedelta(days=15)),
    ]


def test_the_edge_of_retention_is_a_whole_hour() -> None:
    clock = datetime(2026, 11, 1, 9, 41)
    units = plan([resource()], {}, Wanted(clock - timedelta(days=20), clock, clock, long_memory=False))
    assert asked(units) == [
        ("minutes", 60, datetime(2026, 10, 17, 10), clock),
        ("minutes", 300, datetime(2026, 10, 12, 9, 40), datetime(2026, 10, 17, 10)),
    ]


def test_a_young_table_is_asked_since_its_creation() -> None:
    born = datetime(2026, 10, 30, 17, 23, 45)
    units = plan([resource(provisioned=True, created=born)], {}, wanted(memory=True))
    assert asked(units) == [
        ("capacity", 300, datetime(2026, 10, 30, 17, 20), END),
        ("memory", 3600, datetime(2026, 10, 30, 17), END),
        ("minutes", 60, datetime(2026, 10, 30, 17, 23), END),
    ]


def test_a_table_created_after_the_span_is_not_asked_for() -> None:
    assert plan([resource(created=END)], {}, wanted()) == []


def test_what_is_known_of_every_series_is_not_asked_again() -> None:
    until = END - timedelta(days=1)
    have: Known = {}
    for metric in MINUTES.metrics:
        have = {**have, **known(metric, 60, (START, until))}
    # But for the last hour of it, of which points may have come late.
    late = until - timedelta(hours=1)
    assert asked(plan([resource()], have, wanted())) == [("minutes", 60, late, END)]


def test_what_one_series_misses_is_asked_for_all_of_its_reading() -> None:
    until = END - timedelta(days=1)
    have: Known = {}
    for metric in MINUTES.dense:
        have = {**have, **known(metric, 60, (START, until))}
    assert asked(plan([resource()], have, wanted())) == [("minutes", 60, START, END)]


def test_minutes_known_at_five_minutes_are_known() -> None:
    have: Known = {}
    for metric in MINUTES.metrics:
        have = {**have, **known(metric, 300, (START, END))}
    assert plan([resource()], have, wanted()) == []


def test_capacity_known_as_a_sum_is_not_known() -> None:
    have: Known = {}
    for metric in CAPACITY.metrics:
        have = {**have, **known(metric, 300, (START, END), statistic="Sum")}
    units = plan([resource(provisioned=True)], have, wanted())
    assert ("capacity", 300, START, END) in asked(units)


def test_units_hold_about_half_a_million_points() -> None:
    units = plan([resource(f"table-{number}") for number in range(100)], {}, wanted())
    # 2 series of 20,160 minutes each: 12 tables are 483,840 points, 13 would be 524,160; 10 fill 4 calls.
    assert [len(unit.resources) for unit in units] == [10] * 10
    assert len({unit.name for unit in units}) == 10
    assert {unit.points for unit in units} == {4 * 100_800}


@pytest.mark.parametrize(("batch_size", "tables"), [(4, 1), (9, 2), (1, 1), (24, 5), (1000, 10)])
def test_a_batch_size_bounds_the_series_of_a_unit(batch_size: int, tables: int) -> None:
    units = plan([resource(f"table-{number}") for number in range(20)], {}, wanted(), batch_size)
    assert {len(unit.resources) for unit in units} == {tables}


def test_the_price_is_of_every_query() -> None:
    units = plan([resource(provisioned=True)], {}, wanted(memory=True))
    assert {unit.reading.name: unit.queries for unit in units} == {
        MINUTES.name: 4,
        CAPACITY.name: 2,
        MEMORY.name: 2,
    }


def all_known(reading: Reading, period: int, *spans: Interval) -> Known:
    return {
        ("012345678901", "us-east-1", "orders", metric, reading.statistic, period): list(spans)
        for metric in reading.metrics
    }


def test_the_last_two_hours_of_the_long_memory_are_read_again_and_never_more_than_was_wanted() -> None:
    clock = datetime(2026, 11, 1, 9, 41)
    have = all_known(MEMORY, 3600, (clock - timedelta(days=500), datetime(2026, 11, 1, 6)))
    units = plan([resource()], have, Wanted(clock - timedelta(minutes=30), clock, clock, long_memory=True))
    assert asked(units) == [
        ("memory", 3600, datetime(2026, 11, 1, 4), datetime(2026, 11, 1, 9)),
        ("minutes", 60, clock - timedelta(minutes=30), clock),
    ]


def test_late_points_are_no_reason_to_ask() -> None:
    have = {**all_known(MINUTES, 60, (START, END)), **all_known(CAPACITY, 300, (START, END))}
    assert plan([resource(provisioned=True)], have, wanted()) == []


def test_gaps_that_lie_close_together_are_asked_as_one() -> None:
    gaps = [(END - timedelta(hours=hours), END - timedelta(hours=hours, minutes=-5)) for hours in (8, 4, 3.5)]
    have = all_known(MINUTES, 60, *subtract((START, END), gaps))
    assert asked(plan([resource()], have, wanted())) == [
        ("minutes", 60, END - timedelta(hours=9), END - timedelta(hours=8, minutes=-5)),
        ("minutes", 60, END - timedelta(hours=5), END - timedelta(hours=3.5, minutes=-5)),
    ]


def test_what_follows_five_minutes_is_said_to_follow_them() -> None:
    until = END - timedelta(minutes=10)
    others = [resource("by-the-minute"), resource("new")]
    have = dict(all_known(MINUTES, 300, (START, until)))
    have.update({(*key[:2], "by-the-minute", *key[3:5], 60): spans for key, spans in dict(have).items()})
    units = plan([resource(), *others], have, wanted())
    assert {(name, unit.coarse) for unit in units for name in (one.name for one in unit.resources)} == {
        ("orders", frozenset({"orders"})),
        ("by-the-minute", frozenset({"orders"})),
        ("new", frozenset()),
    }


@pytest.mark.parametrize(
    ("created", "since", "until"),
    [
        (LONG_AGO, END - timedelta(days=5, minutes=-2), END - timedelta(days=5, minutes=-5)),
        (LONG_AGO, END + timedelta(days=1), END),
        (END - timedelta(days=6), END - timedelta(days=5), END - timedelta(days=5)),
        (LONG_AGO, START - timedelta(days=1), None),  # before the span
        (LONG_AGO, LONG_AGO + timedelta(seconds=8), None),  # created so
        (END - timedelta(days=5), END - timedelta(days=5, seconds=-8), None),
        (LONG_AGO, None, None),
    ],
)
def test_capacity_is_asked_until_the_change_to_on_demand(
    created: datetime, since: datetime | None, until: datetime | None
) -> None:
    table = Resource("012345678901", "us-east-1", "orders", None, False, created, since)
    spans = [unit.span for unit in plan([table], {}, wanted()) if unit.reading is CAPACITY]
    assert spans == ([] if until is None else [(max(START, created), until)])
    have = dict.fromkeys(all_known(CAPACITY, 300), spans)
    assert [unit for unit in plan([table], have, wanted()) if unit.reading is CAPACITY] == []


def test_what_is_older_than_fifteen_days_from_end_to_end_is_asked_up_to_its_end() -> None:
    start, end = END - timedelta(days=30), END - timedelta(days=20)
    assert asked(plan([resource()], {}, wanted(start, end))) == [("minutes", 300, start, end)]


def test_the_most_valuable_is_read_first_and_the_newest_of_it() -> None:
    tables = [
        resource(provisioned=True),
        resource("young", provisioned=True, created=END - timedelta(days=2)),
    ]
    units = plan(tables, {}, wanted(END - timedelta(days=30), memory=True))
    assert [(unit.reading.name, unit.period, unit.resources[0].name) for unit in units] == [
        ("minutes", 60, "young"),
        ("minutes", 60, "orders"),
        ("minutes", 300, "orders"),
        ("capacity", 300, "young"),
        ("capacity", 300, "orders"),
        ("memory", 3600, "young"),
        ("memory", 3600, "orders"),
    ]


def test_accounts_and_regions_take_turns() -> None:
    tables = [
        Resource("012345678901", region, f"table-{number}", None, False, LONG_AGO)
        for region in ("eu-west-1", "us-east-1")
        for number in range(30)
    ]
    assert [unit.region for unit in plan(tables, {}, wanted())] == ["eu-west-1", "us-east-1"] * 3


def test_a_unit_knows_its_calls_points_and_price() -> None:
    [unit] = plan([resource(f"table-{number}") for number in range(10)], {}, wanted())
    # 20 series of 20,160 points, 5 a call; 20 of throttles, which count as 20,160 points each, 19 a call.
    assert (unit.calls, unit.points, unit.queries) == (4 + 2, 403_200, 40)
    assert unit.queries_at_most(END) == 20 + 2 * 20
    assert unit.queries_at_most(END + timedelta(days=1)) == 2 * (
        20 + 2 * 20
    )  # silence may be forgotten minutes
    [newest] = plan([resource()], {}, wanted(END - timedelta(minutes=10)))
    assert (newest.calls, newest.points, newest.queries) == (2, 20, 4)


def test_units_cost_two_cents_at_most() -> None:
    units = plan(
        [resource(f"table-{number}") for number in range(1200)], {}, wanted(END - timedelta(minutes=5))
    )
    assert [unit.queries for unit in units] == [2000, 2000, 800]


def test_what_is_known_is_counted() -> None:
    have = all_known(MINUTES, 60, (START, END))
    tables = [resource(provisioned=True), resource("young", created=END)]
    units = plan(tables, have, wanted(memory=True))
    assert known_queries(tables, wanted(memory=True), units) == 4


def test_five_minutes_that_are_partly_known_by_the_minute_are_not_read_at_five_minutes() -> None:
    edge = END - timedelta(days=15)
    have = all_known(MINUTES, 60, (edge - timedelta(days=5, minutes=3), END))
    assert asked(plan([resource()], have, wanted(edge - timedelta(days=6)))) == [
        ("minutes", 300, edge - timedelta(days=6), edge - timedelta(days=5, minutes=5))
    ]
    have = all_known(MINUTES, 60, (edge - timedelta(days=6), edge - timedelta(days=5, minutes=3)))
    units = plan([resource()], have, wanted(edge - timedelta(days=6), edge))
    assert [unit.span[1] for unit in units] == [edge]
    # Of what is known only the late end is read again.
    assert units[0].span[0] == edge - timedelta(days=5, hours=1)


minute = st.integers(0, 70 * 1440).map(lambda number: END - timedelta(days=70) + timedelta(minutes=number))
spans = st.lists(st.tuples(minute, minute), max_size=3).map(
    lambda pairs: union((min(pair), max(pair)) for pair in pairs if pair[0] != pair[1])
)


@st.composite
def knowledge(draw: st.DrawFn) -> Known:
    found: dict[tuple[str, str, str, str, str, int], list[Interval]] = {}
    for name in ("orders", "carts"):
        for reading, period in ((MINUTES, 60), (MINUTES, 300), (CAPACITY, 300), (MEMORY, 3600)):
            shared = draw(spans)
            for metric in reading.metrics:
                have = draw(st.sampled_from([shared, shared, shared, [], shared[:1]]))
                aligned = union((floor(start, period), ceiling(end, period)) for start, end in have)
                found["012345678901", "us-east-1", name, metric, reading.statistic, period] = aligned
    return found


@given(
    have=knowledge(),
    ends=st.tuples(minute, minute).filter(lambda pair: pair[0] != pair[1]),
    born=st.one_of(st.just(LONG_AGO), minute),
    batch_size=st.one_of(st.none(), st.integers(1, 20)),
)
def test_any_plan(
    have: Known, ends: tuple[datetime, datetime], born: datetime, batch_size: int | None
) -> None:
    request = wanted(min(ends), max(ends), memory=True)
    tables = [resource(provisioned=True, created=born), resource("carts", created=born)]
    units = plan(tables, have, request, batch_size)
    assert len({unit.name for unit in units}) == len(units)
    planned: dict[tuple[str, str], list[tuple[int, Interval]]] = defaultdict(list)
    for unit in units:
        assert unit.queries <= 2000
        assert unit.points <= 500_000 or len(unit.resources) == 1
        assert unit.span[0] >= ceiling(END - KEPT[unit.period], 3600)
        assert all(instant == floor(instant, unit.period) for instant in unit.span)
        for one in unit.resources:
            planned[one.name, unit.reading.name].append((unit.period, unit.span))
    for name, reading in planned:
        # No instant of a series is read twice.
        parts = sorted(span for _, span in planned[name, reading])
        assert all(left[1] <= right[0] for left, right in pairwise(parts))
    for table in tables:
        for reading in READINGS:
            if reading is CAPACITY and not table.is_provisioned:
                assert (table.name, reading.name) not in planned
                continue
            check(table, reading, have, request, [span for _, span in planned[table.name, reading.name]])


def check(table: Resource, reading: Reading, have: Known, request: Wanted, planned: list[Interval]) -> None:
    """What is planned or known covers what is wanted, and of what is known only the late end is planned."""
    coarsest = 3600 if reading is MEMORY else 300
    periods = (60, 300) if reading is MINUTES else (coarsest,)
    known_wholly = common(
        [
            union(
                span
                for period in periods
                for span in have["012345678901", "us-east-1", table.name, metric, reading.statistic, period]
            )
            for metric in reading.metrics
        ]
    )
    start = END - KEPT[3600] if reading is MEMORY else request.start
    assert table.created_at is not None
    first = max(start, ceiling(END - KEPT[coarsest], 3600), table.created_at)
    wants = (ceiling(first, coarsest), floor(request.end, coarsest))
    if wants[0] < wants[1]:
        left = subtract(wants, union([*known_wholly, *planned]))
        # Only the rest of a period of which some is known by the minute: its point could not be used.
        for begin, end in left:
            period = floor(begin, coarsest), ceiling(end, coarsest)
            assert period[1] - period[0] == timedelta(seconds=coarsest)
            assert intersection(known_wholly, [period])
    asked_for = union(planned)
    again = intersection(known_wholly, asked_for)
    late = timedelta(hours=2 if reading is MEMORY else 1, minutes=5)
    missing = [part for span in asked_for for part in subtract(span, known_wholly)]
    assert all(
        any(begin <= end and end - begin <= late and end == part[0] for part in missing)
        for begin, end in again
    )
