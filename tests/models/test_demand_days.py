"""Minutes of a day from raw points: what is known, what is zero, and that building by day changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from collected_series import (
    ACCOUNT,
    DAY,
    READS,
    REGION,
    WRITES,
    add_points,
    add_span,
    forget_spans,
    minute,
    series,
)
from small_warehouse import MakeWarehouse, SmallWarehouse

MODELS = "+int_demand__days_summarised"
UNKNOWN = [None]
# What a build notes of itself, beside what it found.
BOOKKEEPING = "updated_at, recent_operation_ids"


def _day(warehouse: SmallWarehouse, table: str, day: datetime = DAY) -> dict[str, Any]:
    [row] = warehouse.query(
        "select * from intermediate.int_demand__days_arrayed"
        f" where resource_name = '{table}' and day = date '{day:%Y-%m-%d}'"
    )
    return row


def _know(warehouse: SmallWarehouse, table: str, start: int = 0, end: int = 1440, period: int = 60) -> None:
    for metric in (READS, WRITES):
        add_span(warehouse, series(table, metric, period), start, end)


@pytest.fixture(scope="module")
def days(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """One table for each rule."""
    warehouse = make_warehouse()

    # A complete day, its points in no order: minute m has m reads in sum.
    _know(warehouse, "complete")
    shuffled = np.random.default_rng(1).permutation(1440)
    add_points(warehouse, series("complete", READS), {int(m): int(m) for m in shuffled})

    # Three points, one of them stored twice, in a day that is known otherwise; and one before it is.
    _know(warehouse, "sparse", 10, 1440)
    add_points(warehouse, series("sparse", READS), {5: 600, 10: 60, 700: 120, 1439: 6})
    add_points(warehouse, series("sparse", READS), {700: 120})

    # Reads known from 100, writes until 200.
    add_span(warehouse, series("crossed", READS), 100, 1440)
    add_span(warehouse, series("crossed", WRITES), 0, 200)
    add_points(warehouse, series("crossed", READS), {99: 60, 150: 60, 250: 60})

    # Five minutes until 60, then minutes, which begin inside a five-minute period.
    _know(warehouse, "coarse", 0, 720, 300)
    _know(warehouse, "coarse", 62, 1440)
    add_points(warehouse, series("coarse", READS, 300), {0: 3000, 55: 300, 60: 9000, 100: 9000})
    add_points(warehouse, series("coarse", READS), {62: 60, 64: 120})

    # Spans that end inside a period know whole periods only.
    for metric in (READS, WRITES):
        half = {"span_start": minute(0) + timedelta(seconds=30), "span_end": minute(10)}
        warehouse.rows("ops.collected_spans", [{**series("cut", metric), **half, "operation_id": "first"}])
        add_span(warehouse, series("cut", metric, 300), 18, 33)

    # An hour is never simulated.
    _know(warehouse, "hourly", 0, 1440, 3600)
    add_points(warehouse, series("hourly", READS, 3600), {0: 3600})

    # Per-request statistics of the same metric are no rates.
    _know(warehouse, "averaged")
    add_points(warehouse, series("averaged", READS), {0: 24_000})
    add_points(warehouse, series("averaged", READS, statistic="Average"), {0: 1})
    add_points(warehouse, series("averaged", READS, statistic="Maximum"), {0: 1, 1: 1})

    # Capacity by five minutes and throttles, each with a point outside its span.
    _know(warehouse, "managed")
    capacity = series("managed", "ProvisionedReadCapacityUnits", 300, "Average")
    add_span(warehouse, capacity, 0, 720)
    add_points(warehouse, capacity, {0: 100, 10: 50.5, 715: 7, 720: 9})
    throttles = series("managed", "WriteThrottleEvents")
    add_span(warehouse, throttles, 0, 720)
    add_points(warehouse, throttles, {3: 4, 4: 0, 719: 2, 720: 8})

    warehouse.build(MODELS)
    return warehouse


def test_rate_of_a_minute_is_its_sum_over_60(days: SmallWarehouse) -> None:
    row = _day(days, "complete")
    assert row["reads"] == [m / 60 for m in range(1440)]
    assert row["writes"] == [0.0] * 1440
    assert (row["known_minutes"], row["read_peak_units_per_second"]) == (1440, 1439 / 60)


def test_gap_is_zero_inside_a_span_and_unknown_outside(days: SmallWarehouse) -> None:
    row = _day(days, "sparse")
    expected = UNKNOWN * 10 + [1.0] + [0.0] * 689 + [2.0] + [0.0] * 738 + [0.1]
    assert row["reads"] == expected
    assert row["writes"] == UNKNOWN * 10 + [0.0] * 1430
    assert (row["known_minutes"], row["first_point_at"]) == (1430, minute(5))


def test_minute_is_known_only_when_both_dimensions_are(days: SmallWarehouse) -> None:
    row = _day(days, "crossed")
    assert row["reads"] == UNKNOWN * 100 + [0.0] * 50 + [1.0] + [0.0] * 49 + UNKNOWN * 1240
    assert row["writes"] == UNKNOWN * 100 + [0.0] * 100 + UNKNOWN * 1240


def test_five_minutes_count_only_where_no_minute_of_them_is_known(days: SmallWarehouse) -> None:
    row = _day(days, "coarse")
    spread = [10.0] * 5 + [0.0] * 50 + [1.0] * 5
    assert row["reads"] == spread + UNKNOWN * 2 + [1.0, 0.0, 2.0] + [0.0] * 1375
    # An edge of any span makes a range of its own.
    assert [tuple(known.values()) for known in row["known_ranges"]] == [
        (0, 60, 300, 300),
        (62, 720, 60, 60),
        (720, 1440, 60, 60),
    ]


def test_only_whole_periods_of_a_span_are_known(days: SmallWarehouse) -> None:
    row = _day(days, "cut")
    # From half past minute 0; five minutes from 20 to 30 of a span from 18 to 33.
    assert row["reads"] == UNKNOWN + [0.0] * 9 + UNKNOWN * 10 + [0.0] * 10 + UNKNOWN * 1410


def test_hours_never_make_minutes(days: SmallWarehouse) -> None:
    assert not days.query(
        "select 1 from intermediate.int_demand__days_arrayed where resource_name = 'hourly'"
    )


def test_only_sums_are_rates(days: SmallWarehouse) -> None:
    # 400 reads a second of one unit each: Average and Maximum are 1, the rate is 400.
    assert _day(days, "averaged")["reads"] == [400.0] + [0.0] * 1439


def test_capacity_is_what_was_told_inside_its_span(days: SmallWarehouse) -> None:
    row = _day(days, "managed")
    expected = UNKNOWN * 288
    expected[0], expected[2], expected[143] = 100.0, 50.5, 7.0
    assert row["read_capacity"] == expected
    assert row["write_capacity"] is None


def test_throttle_events_of_a_day_are_summed_inside_their_span(days: SmallWarehouse) -> None:
    row = _day(days, "managed")
    assert row["write_throttles"] == [
        {"minute_of_day": 3, "value": 4.0},
        {"minute_of_day": 719, "value": 2.0},
    ]
    assert (row["write_throttle_events"], row["read_throttle_events"]) == (6.0, None)


def test_data_tests_of_the_days_hold(days: SmallWarehouse) -> None:
    assert days.failures("int_demand__days_arrayed") == []
    assert days.failures("int_demand__days_known int_demand__spans_split") == []
    assert days.failures("stg_ops__collected_spans") == []


def test_point_stored_twice_counts_once_and_is_told_of(days: SmallWarehouse) -> None:
    assert _day(days, "sparse")["reads"][700] == 2.0
    found = days.query(
        "select resource_name, points_stored_again from intermediate.int_demand__days_arrayed"
        " where points_stored_again > 0"
    )
    assert found == [{"resource_name": "sparse", "points_stored_again": 1}]


@pytest.mark.parametrize("period", [60, 300, 3600])
def test_point_stored_twice_fails_the_build_at_every_period(warehouse: SmallWarehouse, period: int) -> None:
    _know(warehouse, "orders", 0, 1440, period)
    add_points(warehouse, series("orders", READS, period), {0: 60, 660: 60, 720: 60})
    warehouse.build(MODELS)
    assert warehouse.failures("assert_no_point_is_stored_twice") == []

    for metric in (READS, WRITES):
        forget_spans(warehouse, series("orders", metric, period))
        add_span(warehouse, series("orders", metric, period), 0, 1440, "second")
    add_points(warehouse, series("orders", READS, period), {720: 60})
    warehouse.build(MODELS)
    assert warehouse.failures("assert_no_point_is_stored_twice") == ["assert_no_point_is_stored_twice"]


def _all_days(warehouse: SmallWarehouse) -> list[dict[str, Any]]:
    return [
        day
        for model, bookkeeping in (("days_arrayed", BOOKKEEPING), ("days_summarised", "updated_at"))
        for day in warehouse.query(
            f"select * exclude ({bookkeeping})"
            f" from intermediate.int_demand__{model} order by resource_day_key"
        )
    ]


def _first_load(warehouse: SmallWarehouse) -> None:
    """Two tables, two whole days and the beginning of a third."""
    for table in ("orders", "carts"):
        for metric, value in ((READS, 60), (WRITES, 120)):
            add_span(warehouse, series(table, metric), -2880, 30)
            add_points(warehouse, series(table, metric), dict.fromkeys(range(-2880, 30), value))


def _spans_grow(warehouse: SmallWarehouse) -> None:
    for table in ("orders", "carts"):
        for metric in (READS, WRITES):
            forget_spans(warehouse, series(table, metric))
            add_span(warehouse, series(table, metric), -2880, 600, "second")
            add_points(warehouse, series(table, metric), dict.fromkeys(range(30, 600), 30))


def _old_day_is_withdrawn(warehouse: SmallWarehouse) -> None:
    for metric in (READS, WRITES):
        forget_spans(warehouse, series("orders", metric))
        add_span(warehouse, series("orders", metric), -1440, 30, "second")


def _middle_is_withdrawn(warehouse: SmallWarehouse) -> None:
    forget_spans(warehouse, series("orders", READS))
    add_span(warehouse, series("orders", READS), -2880, -2000, "second")
    add_span(warehouse, series("orders", READS), -1900, 30, "second")


def _late_point_arrives(warehouse: SmallWarehouse) -> None:
    """The newest minutes are fetched anew, and one of them says something else."""
    warehouse.query("delete from raw_cloudwatch.metrics where timestamp = timestamp '2026-10-31 00:29:00'")
    for table in ("orders", "carts"):
        for metric in (READS, WRITES):
            forget_spans(warehouse, series(table, metric))
            add_span(warehouse, series(table, metric), -2880, 30, "second")
            add_points(warehouse, series(table, metric), {29: 6000})


def _old_day_is_read_again(warehouse: SmallWarehouse) -> None:
    """The same is known of it as before, and one of its points says something else."""
    old = minute(-2000)
    warehouse.query(f"delete from raw_cloudwatch.metrics where timestamp = timestamp '{old}'")
    for table in ("orders", "carts"):
        for metric in (READS, WRITES):
            add_points(warehouse, series(table, metric), {-2000: 6000})
    unit = {"account_id": ACCOUNT, "region": REGION, "kind": "minutes", "status": "done", "attempts": 1}
    span = {"span_start": minute(-2880), "span_end": minute(-1440), "ended_at": minute(60)}
    warehouse.rows("ops.checkpoints", [{"operation_id": "second", "unit": "minutes", **unit, **span}])


def _finer_points_arrive(warehouse: SmallWarehouse) -> None:
    for metric in (READS, WRITES):
        add_span(warehouse, series("logs", metric, 300), -1440, 0, "second")
        add_points(warehouse, series("logs", metric, 300), {-1440: 300})
        add_span(warehouse, series("logs", metric), -720, 0, "second")


@pytest.mark.parametrize(
    ("change", "rebuilt"),
    [
        # The lookback: the last 24 hours of a span that another load signed.
        (_spans_grow, {("orders", 30), ("orders", 31), ("carts", 30), ("carts", 31)}),
        (_late_point_arrives, {("orders", 30), ("orders", 31), ("carts", 30), ("carts", 31)}),
        (_old_day_is_withdrawn, {("orders", 30), ("orders", 31)}),
        # However old, what is known of a day changed.
        (_middle_is_withdrawn, {("orders", 29), ("orders", 30), ("orders", 31)}),
        (_finer_points_arrive, {("logs", 30)}),
        (_old_day_is_read_again, {("orders", 29), ("carts", 29)}),
    ],
)
def test_building_what_changed_gives_what_a_full_build_gives(
    make_warehouse: MakeWarehouse, change: Any, rebuilt: set[tuple[str, int]]
) -> None:
    by_day, at_once = make_warehouse(), make_warehouse()
    _first_load(by_day)
    by_day.build(MODELS)
    [first] = by_day.query("select max(updated_at) as at from intermediate.int_demand__days_arrayed")
    change(by_day)
    by_day.build(MODELS)

    _first_load(at_once)
    change(at_once)
    at_once.build(MODELS)

    assert _all_days(by_day) == _all_days(at_once)
    found = by_day.query(
        "select resource_name, extract(day from day) as day from intermediate.int_demand__days_arrayed"
        f" where updated_at > timestamp '{first['at']}'"
    )
    assert {(row["resource_name"], row["day"]) for row in found} == rebuilt


def test_withdrawn_day_comes_back_when_it_is_fetched_again(warehouse: SmallWarehouse) -> None:
    _first_load(warehouse)
    warehouse.build(MODELS)
    before = _all_days(warehouse)
    _old_day_is_withdrawn(warehouse)
    warehouse.build(MODELS)
    # The day is gone from both models.
    assert len(_all_days(warehouse)) == len(before) - 2
    for metric in (READS, WRITES):
        forget_spans(warehouse, series("orders", metric))
        add_span(warehouse, series("orders", metric), -2880, 30, "third")
    warehouse.build(MODELS)
    assert _all_days(warehouse) == before


def test_same_name_in_two_regions_is_two_resources(warehouse: SmallWarehouse) -> None:
    for region, rate in ((REGION, 1.0), ("eu-west-1", 2.0)):
        warehouse.minutes(
            ACCOUNT, region, "twins", reads=np.full(1440, rate), writes=np.zeros(1440), start=DAY
        )
    warehouse.build(MODELS)
    found = warehouse.query(
        "select region, reads[1] as rate from intermediate.int_demand__days_arrayed order by region"
    )
    assert [tuple(row.values()) for row in found] == [("eu-west-1", 2.0), ("us-east-1", 1.0)]
