"""What a load of metrics asks for: by age, mode, retention and what is known."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from loaders.cloudwatch.series import CAPACITY, MEMORY, MINUTES, Known, Resource, Unit, Wanted, plan

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
