"""The window and its statistics: what counts, by exact numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from small_warehouse import AS_OF, MakeWarehouse, SmallWarehouse

MODELS = "+int_demand__statistics +collection_coverage +fct_capacity_hourly +fct_capacity_daily"
ACCOUNT = "012345678901"
REGION = "us-east-1"
START = AS_OF - timedelta(days=14)
MINUTES = 14 * 1440
LONG_AGO = datetime(2026, 1, 1)


def _plant(
    warehouse: SmallWarehouse, name: str, *, created_at: datetime = LONG_AGO, **configuration: object
) -> None:
    warehouse.rows(
        "raw_dynamodb.table_metadata",
        [
            {
                "account_id": ACCOUNT,
                "region": REGION,
                "table_name": name,
                "table_status": "ACTIVE",
                "billing_mode": "PAY_PER_REQUEST",
                "table_class": "STANDARD",
                "created_at": created_at,
                **configuration,
            }
        ],
    )


def _provisioned(reads: int, writes: int, **validity: datetime) -> dict[str, object]:
    units = {"read_capacity_units": reads, "write_capacity_units": writes}
    return {"billing_mode": "PROVISIONED", **units, **validity}


def _demand(
    warehouse: SmallWarehouse,
    resource: str,
    reads: np.ndarray | float,
    writes: np.ndarray | float = 0.0,
    *,
    start: datetime = START,
    minutes: int = MINUTES,
) -> None:
    warehouse.minutes(
        ACCOUNT,
        REGION,
        resource,
        reads=np.broadcast_to(reads, minutes),
        writes=np.broadcast_to(writes, minutes),
        start=start,
    )


def _resource(warehouse: SmallWarehouse, model: str, resource: str, condition: str = "true") -> Any:
    [row] = warehouse.query(
        f"select {model}.* from intermediate.{model}"
        f" join intermediate.int_inventory__resources using (resource_key)"
        f" where resource_name = '{resource}' and {condition}"
    )
    return row


def _reads(warehouse: SmallWarehouse, resource: str) -> Mapping[str, Any]:
    row: Mapping[str, Any] = _resource(warehouse, "int_demand__statistics", resource, "dimension = 'read'")
    return row


@pytest.fixture(scope="module")
def built(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """An organisation of one region, built at a midnight."""
    warehouse = make_warehouse()

    # Rates 0.00, 0.01 … 201.59: every percentile can be worked out by hand.
    _plant(warehouse, "ramp")
    _demand(warehouse, "ramp", np.arange(MINUTES)[::-1] / 100)

    # The same steady reads, once alone, once with writes in sixty single minutes.
    for name, writes in (("steady", 0.0), ("busy", np.where(np.arange(MINUTES) % 336 == 0, 5.0, 0.0))):
        _plant(warehouse, name)
        _demand(warehouse, name, 100.0, writes)

    # The same table at five minutes besides.
    _plant(warehouse, "doubled")
    _demand(warehouse, "doubled", 70.0)
    for metric in ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"):
        warehouse.series(
            ACCOUNT, REGION, "doubled", metric, np.full(MINUTES // 5, 9e6), start=START, period_seconds=300
        )
    _plant(warehouse, "single")
    _demand(warehouse, "single", 70.0)

    # An index that came on day 8; its table's spans reach back to the start.
    _plant(warehouse, "indexed")
    _demand(warehouse, "indexed", 1.0)
    warehouse.rows(
        "raw_dynamodb.gsi_metadata",
        [
            {
                "account_id": ACCOUNT,
                "region": REGION,
                "table_name": "indexed",
                "gsi_name": "late",
                "resource_name": "indexed#late",
                "index_status": "ACTIVE",
                "valid_from": LONG_AGO,
            }
        ],
    )
    _demand(warehouse, "indexed#late", 2.0)
    born = START + timedelta(days=7, hours=1, seconds=20)
    warehouse.query(
        "delete from raw_cloudwatch.metrics where resource_name = 'indexed#late'"
        f" and timestamp < timestamp '{born}'"
    )

    # A table created in the middle of a minute, in a span that begins before.
    _plant(warehouse, "young", created_at=AS_OF - timedelta(hours=3, seconds=30))
    _demand(warehouse, "young", 4.0, start=AS_OF - timedelta(hours=4), minutes=240)

    # Provisioned at 1000, cut to 100 units five days ago; CloudWatch told of it from day 10 on only.
    cut = AS_OF - timedelta(days=5)
    _plant(warehouse, "cut", **_provisioned(1000, 5, valid_from=LONG_AGO, valid_to=cut))
    _plant(warehouse, "cut", **_provisioned(100, 5, valid_from=cut))
    _demand(warehouse, "cut", 50.0)
    warehouse.series(
        ACCOUNT,
        REGION,
        "cut",
        "ProvisionedReadCapacityUnits",
        np.where(np.arange(4 * 288) < 2 * 288, 100.0, 200.0),
        start=AS_OF - timedelta(days=4),
        period_seconds=300,
        statistic="Average",
    )

    # A peak from before the window, and one hour of a year ago; an earlier table of that name had more.
    _plant(warehouse, "seasonal", created_at=AS_OF - timedelta(days=400))
    _demand(warehouse, "seasonal", 1.0, start=START - timedelta(days=1), minutes=MINUTES + 1440)
    warehouse.query(
        "update raw_cloudwatch.metrics set value = 6000 where resource_name = 'seasonal'"
        f" and timestamp = timestamp '{START - timedelta(minutes=1)}' and metric_name like '%Read%'"
    )
    for days, value in ((300, 7200.0), (200, 720_000.0), (100, 720_000.0), (410, 9e9)):
        warehouse.series(
            ACCOUNT,
            REGION,
            "seasonal",
            "ConsumedReadCapacityUnits",
            [value],
            start=AS_OF - timedelta(days=days),
            period_seconds=3600,
        )

    # Nothing was ever collected of it.
    _plant(warehouse, "unseen")

    warehouse.build(MODELS)
    return warehouse


def test_percentiles_are_of_minutes_by_linear_interpolation(built: SmallWarehouse) -> None:
    row = _reads(built, "ramp")
    # Of n minutes, percentile p lies at position p × (n − 1): 0.5 × 20159 = 10079.5, so 100.795.
    assert row["p50_units_per_second"] == pytest.approx(100.795, abs=1e-9)
    assert row["p90_units_per_second"] == pytest.approx(181.431, abs=1e-9)
    assert row["p95_units_per_second"] == pytest.approx(191.5105, abs=1e-9)
    assert row["p99_units_per_second"] == pytest.approx(199.5741, abs=1e-9)
    assert row["max_units_per_second"] == pytest.approx(201.59, abs=1e-9)
    assert row["mean_units_per_second"] == pytest.approx(100.795, abs=1e-9)
    assert row["peak_to_mean"] == pytest.approx(2.0, abs=1e-9)
    assert row["mean_utilization"] is None


def test_writes_in_single_minutes_do_not_touch_reads(built: SmallWarehouse) -> None:
    steady, busy = (_resource(built, "int_demand__windows", name) for name in ("steady", "busy"))
    assert steady["read_units"] == busy["read_units"] == 100 * 60 * MINUTES
    assert (steady["write_units"], busy["write_units"]) == (0, 60 * 5 * 60)
    assert steady["known_hours"] == busy["known_hours"] == 336


def test_coarser_points_change_nothing_where_minutes_are_known(built: SmallWarehouse) -> None:
    single, doubled = (_resource(built, "int_demand__windows", name) for name in ("single", "doubled"))
    assert {**doubled, "resource_key": None} == {**single, "resource_key": None}
    assert doubled["resolution_seconds"] == 60


def test_index_counts_from_its_first_point(built: SmallWarehouse) -> None:
    row = _resource(built, "int_demand__windows", "indexed#late")
    first = START + timedelta(days=7, hours=1, minutes=1)
    assert row["demand_starts_at"] == row["first_known_at"] == first
    unknown = 7 * 1440 + 61
    assert row["reads"] == [None] * unknown + [2.0] * (MINUTES - unknown)
    assert row["known_minutes"] == MINUTES - unknown == 10_019
    assert row["read_units"] == pytest.approx(2 * 60 * 10_019)
    # The table's own window is whole.
    assert _resource(built, "int_demand__windows", "indexed")["coverage_ratio"] == 1


def test_table_counts_from_the_first_whole_minute_of_its_life(built: SmallWarehouse) -> None:
    row = _resource(built, "int_demand__windows", "young")
    assert (row["known_minutes"], row["known_hours"], row["known_weekdays"]) == (180, 3, 1)
    assert row["first_known_at"] == AS_OF - timedelta(hours=3)
    assert row["coverage_ratio"] == 180 / MINUTES
    assert row["read_units"] == 4 * 60 * 180


def test_utilization_is_the_mean_of_ratios_to_the_capacity_in_force(built: SmallWarehouse) -> None:
    row = _reads(built, "cut")
    # 50 of 1000 for 9 days by the configuration, of 100 for a day by it and for two as told, of 200 for two.
    assert row["mean_utilization"] == pytest.approx((9 * 0.05 + 3 * 0.5 + 2 * 0.25) / 14)
    assert row["p50_utilization"] == pytest.approx(0.05)
    assert row["p90_utilization"] == row["max_utilization"] == pytest.approx(0.5)


def test_provisioned_mean_is_of_what_was_told_since_the_setting_changed(built: SmallWarehouse) -> None:
    assert _reads(built, "cut")["provisioned_mean_units"] == 150
    writes = _resource(built, "int_demand__statistics", "cut", "dimension = 'write'")
    assert writes["provisioned_mean_units"] is None


def test_stored_peak_is_older_than_the_window(built: SmallWarehouse) -> None:
    row = _reads(built, "seasonal")
    assert (row["max_units_per_second"], row["stored_peak_units_per_second"]) == (1.0, 100.0)


def test_long_memory_is_the_highest_hour_since_the_creation(built: SmallWarehouse) -> None:
    row = _reads(built, "seasonal")
    assert row["long_memory_peak_units_per_second"] == 200.0
    # The earlier of two equal hours.
    assert row["long_memory_peak_at"] == AS_OF - timedelta(days=200)
    assert _reads(built, "steady")["long_memory_peak_at"] is None


def test_resource_of_which_nothing_was_collected_has_an_unknown_window(built: SmallWarehouse) -> None:
    row = _resource(built, "int_demand__windows", "unseen")
    assert row["reads"] == row["writes"] == [None] * MINUTES
    assert (row["known_minutes"], row["coverage_ratio"], row["resolution_seconds"]) == (0, 0, None)
    assert _reads(built, "unseen")["mean_units_per_second"] is None


def test_data_tests_of_demand_hold(built: SmallWarehouse) -> None:
    assert built.failures("assert_no_point_is_stored_twice") == []
    assert built.failures("int_demand__windows int_demand__statistics int_demand__capacities_gathered") == []
    assert built.failures("int_demand__hours_remembered int_demand__resources_started") == []
    assert built.failures("fct_capacity_hourly fct_capacity_daily collection_coverage") == []
    assert built.failures("int_demand__hours_measured int_demand__days_measured") == []


def test_window_begins_in_the_middle_of_a_day_when_the_build_does(warehouse: SmallWarehouse) -> None:
    as_of = datetime(2026, 10, 31, 14, 37, 20)
    end = as_of.replace(second=0)
    start = end - timedelta(days=7)
    _plant(warehouse, "now", **_provisioned(10, 10))
    # The newest three minutes are not in yet; the day before the window has a peak and throttles.
    minutes = 8 * 1440 - 3
    reads = np.ones(minutes)
    reads[0] = 50.0
    reads[1440] = 3.0
    _demand(warehouse, "now", reads, start=start - timedelta(days=1), minutes=minutes)
    for at in (start - timedelta(minutes=1), start):
        warehouse.series(ACCOUNT, REGION, "now", "ReadThrottleEvents", [5.0], start=at)
    warehouse.build("+int_demand__statistics", as_of=as_of, days=9)

    row = _resource(warehouse, "int_demand__windows", "now")
    assert (row["window_start"], row["window_end"]) == (start, end)
    assert row["reads"] == [3.0] + [1.0] * (7 * 1440 - 4) + [None] * 3
    assert (row["known_minutes"], row["known_weekdays"]) == (7 * 1440 - 3, 7)
    assert row["last_known_at"] == end - timedelta(minutes=3)
    assert row["coverage_ratio"] == (7 * 1440 - 3) / (7 * 1440)
    assert row["read_throttle_events"] == 5
    statistics = _reads(warehouse, "now")
    assert statistics["max_utilization"] == pytest.approx(0.3)
    assert statistics["stored_peak_units_per_second"] == 50.0


def test_past_build_sees_nothing_of_what_came_after(warehouse: SmallWarehouse) -> None:
    _plant(warehouse, "replayed")
    reads = np.ones(MINUTES)
    reads[-1] = 99.0
    _demand(warehouse, "replayed", reads)
    warehouse.series(
        ACCOUNT, REGION, "replayed", "ConsumedReadCapacityUnits", [9e6], start=AS_OF, period_seconds=3600
    )
    warehouse.build("+int_demand__statistics", as_of=AS_OF - timedelta(days=1), days=7)
    row = _reads(warehouse, "replayed")
    assert (row["stored_peak_units_per_second"], row["long_memory_peak_units_per_second"]) == (1.0, None)


def test_filling_in_parts_changes_nothing(make_warehouse: MakeWarehouse) -> None:
    at_once, in_parts = make_warehouse(), make_warehouse()
    window: dict[str, Any] = {"days": 1, "as_of": START + timedelta(days=1)}
    # A third of a resource a part: forty parts of windows, and two of days.
    parts: dict[str, Any] = {**window, "resources_per_part": 0.15}
    for warehouse in (at_once, in_parts):
        for number in range(12):
            _plant(warehouse, f"table-{number:02d}")
            _demand(warehouse, f"table-{number:02d}", float(number), minutes=10)
    at_once.build("+int_demand__windows", **window)
    in_parts.build("+int_demand__windows", **parts)
    # Every day is wrong, and built again upon what is there.
    in_parts.query("update ops.collected_spans set operation_id = 'another'")
    in_parts.build("+int_demand__windows", **parts)

    days = (
        "select * exclude (updated_at, recent_operation_ids)"
        " from intermediate.int_demand__days_arrayed order by resource_day_key"
    )
    windows = "select * from intermediate.int_demand__windows order by resource_key"
    assert at_once.query(days) == in_parts.query(days)
    assert at_once.query(windows) == in_parts.query(windows)
    rates = at_once.query("select reads[1] as rate from intermediate.int_demand__windows order by rate")
    assert [row["rate"] for row in rates] == [float(number) for number in range(12)]


def test_hours_and_days_hold_what_was_consumed_and_provisioned(built: SmallWarehouse) -> None:
    [hours] = built.query(
        "select count(*) as hours, sum(read_units) as units, min(read_provisioned_units) as least,"
        " max(read_provisioned_units) as most from marts.fct_capacity_hourly where table_name = 'cut'"
    )
    assert hours == {"hours": 336, "units": 50 * 60 * MINUTES, "least": 100.0, "most": 1000.0}
    [day] = built.query(
        f"select * from marts.fct_capacity_daily where table_name = 'ramp' and day = date '{START:%Y-%m-%d}'"
    )
    # The first day falls from 201.59 to 187.20.
    assert day["known_minutes"] == 1440
    assert day["read_units"] == pytest.approx((201.59 + 187.20) / 2 * 1440 * 60)
    assert day["read_p50_units_per_second"] == pytest.approx(194.395)
    assert day["read_p99_units_per_second"] == pytest.approx(187.20 + 0.99 * 14.39)
    assert (day["read_max_units_per_second"], day["read_provisioned_units"]) == (201.59, None)


def test_hours_without_a_known_minute_are_left_out(built: SmallWarehouse) -> None:
    [young] = built.query(
        "select count(*) as hours, min(hour_starts_at) as first, sum(known_minutes) as minutes"
        " from marts.fct_capacity_hourly where table_name = 'young'"
    )
    assert young == {"hours": 3, "first": AS_OF - timedelta(hours=3), "minutes": 180}


def _coverage(warehouse: SmallWarehouse, table: str, columns: str) -> tuple[Any, ...]:
    [row] = warehouse.query(
        f"select {columns} from marts.collection_coverage where table_name = '{table}' and index_name is null"
    )
    return tuple(row.values())


def test_coverage_says_what_is_missing(built: SmallWarehouse) -> None:
    numbers = "known_minutes, gap_minutes, staleness_minutes, missing"
    assert _coverage(built, "seasonal", numbers) == (MINUTES, 0, 0, "Throttle events were not collected.")
    assert _coverage(built, "young", numbers) == (
        180,
        0,
        0,
        "The long memory was not collected. Throttle events were not collected.",
    )
    assert _coverage(built, "unseen", numbers) == (
        0,
        MINUTES,
        None,
        "No demand is known. The long memory was not collected. Throttle events were not collected.",
    )
    assert _coverage(built, "cut", "provisioned_from_at, provisioned_to_at, minutes_from_at") == (
        AS_OF - timedelta(days=4),
        AS_OF,
        START,
    )


def test_coverage_tells_of_gaps_and_of_an_account_that_denied(warehouse: SmallWarehouse) -> None:
    _plant(warehouse, "holes", **_provisioned(1, 1))
    # Two hours are missing at the beginning, one in the middle, and the last ten minutes.
    _demand(warehouse, "holes", 1.0, start=AS_OF - timedelta(hours=22), minutes=600)
    _demand(warehouse, "holes", 1.0, start=AS_OF - timedelta(hours=11), minutes=650)
    reads = [
        {"account_id": ACCOUNT, "region": REGION, "read_at": AS_OF - timedelta(hours=age), "outcome": outcome}
        for age, outcome in ((30, "read"), (1, "denied"), (-1, "read"))
    ]
    warehouse.rows("ops.inventory_reads", reads)
    warehouse.build("+collection_coverage", days=1)
    assert _coverage(
        warehouse, "holes", "known_minutes, gap_minutes, staleness_minutes, last_read_at, missing"
    ) == (
        1250,
        190,
        10,
        AS_OF - timedelta(hours=1),
        "190 minutes of demand are unknown, in 3 gaps of which the largest has 120 from 2026-10-31 00:00 on."
        " The long memory was not collected."
        " Provisioned capacity was not collected. Throttle events were not collected."
        " The last reading of its inventory ended with: denied.",
    )
    assert _coverage(warehouse, "holes", "coverage_ratio") == (1250 / 1440,)
