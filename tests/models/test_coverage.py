"""What is collected, what is missing, how old it is and who refused: in the marts and in the advice."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted_tables import ACCOUNT, MINUTES, REGION, WINDOW_START, plant
from small_warehouse import AS_OF, MakeWarehouse, SmallWarehouse

DENIED, LEFT, SUSPENDED, CLOSED_TO_ALL, NEVER_TRIED, JUST_LEFT = (f"{digit}" * 12 for digit in range(1, 7))
PAYER = "999999999999"
READ_AT, DENIED_AT = AS_OF - timedelta(days=5), AS_OF - timedelta(days=3)
LEFT_AFTER = AS_OF - timedelta(days=20)
READINGS = ("minutes", "provisioned", "hours")
MARTS = (
    "+savings_summary +plan_alternatives +collection_coverage +place_coverage +dim_tables +fct_capacity_daily"
)


def _account(account_id: str, *, state: str = "ACTIVE", seen_at: datetime = AS_OF) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "account_name": f"name of {account_id}",
        "organization_id": "o-1",
        "management_account_id": PAYER,
        "is_management": False,
        "state": state,
        "last_seen_at": seen_at,
    }


def _read(account_id: str, at: datetime, outcome: str, region: str = REGION) -> dict[str, Any]:
    message = None if outcome == "read" else f"{account_id} {outcome}."
    place = {"account_id": account_id, "region": region, "read_at": at}
    return {**place, "outcome": outcome, "message": message}


def _unit(
    account_id: str, kind: str, status: str, operation: str, at: datetime, **columns: Any
) -> dict[str, Any]:
    unit = {"account_id": account_id, "region": REGION, "kind": kind, "status": status, "attempts": 1}
    key = {"operation_id": operation, "unit": f"{account_id}/{kind}/{columns.pop('part', 1)}"}
    return {
        **key,
        **unit,
        "ended_at": at,
        "error": f"{kind} {status}." if status != "done" else None,
        **columns,
    }


@pytest.fixture(scope="module")
def built(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """An organisation in which each account has something else the matter with it."""
    warehouse = make_warehouse()
    warehouse.price_list()
    steady = np.full(MINUTES, 70.0)
    plant(warehouse, "sound", reads=70.0)

    gapped = steady.copy()
    gapped[[*range(3000, 3090), *range(9000, 9600)]] = np.nan
    plant(warehouse, "gapped", reads=gapped)

    # Until just so many minutes before the end; the rest is unknown.
    for name, minutes in (("stale-at", 2880), ("stale-over", 2881)):
        rates = steady.copy()
        rates[-minutes:] = np.nan
        plant(warehouse, name, reads=rates)

    # Five days of five minutes, then minutes.
    rates = steady.copy()
    rates[: 5 * 1440] = np.nan
    plant(warehouse, "coarse", reads=rates)
    for metric, rate in (("ConsumedReadCapacityUnits", 70.0), ("ConsumedWriteCapacityUnits", 0.0)):
        slots = np.full(5 * 288, rate * 300)
        warehouse.series(ACCOUNT, REGION, "coarse", metric, slots, start=WINDOW_START, period_seconds=300)

    # What was collected of it lies before the window altogether.
    long_ago = AS_OF - timedelta(days=30)
    plant(warehouse, "ancient", reads=np.full(0, 0.0), starts_at=AS_OF)
    warehouse.minutes(ACCOUNT, REGION, "ancient", reads=[1.0] * 10, writes=[0.0] * 10, start=long_ago)

    for account_id in (DENIED, LEFT, SUSPENDED):
        plant(warehouse, "orders", reads=70.0, account_id=account_id)
        plant(warehouse, "users", units=(10_000, 10), account_id=account_id)

    warehouse.rows(
        "raw_organizations.aws_accounts",
        [
            *(_account(account_id) for account_id in (ACCOUNT, DENIED, CLOSED_TO_ALL, PAYER)),
            _account(LEFT, seen_at=LEFT_AFTER),
            _account(SUSPENDED, state="SUSPENDED"),
            # Gone between two listings at one instant of a clock that stands still.
            _account(JUST_LEFT, state="LEFT"),
            _account(NEVER_TRIED, state="SUSPENDED"),
        ],
    )
    warehouse.rows(
        "ops.inventory_reads",
        [
            *(_read(account_id, READ_AT, "read") for account_id in (ACCOUNT, DENIED, LEFT, SUSPENDED)),
            _read(ACCOUNT, AS_OF - timedelta(hours=1), "read"),
            # Refused as a whole, twice, and once after the build's moment.
            *(_read(DENIED, DENIED_AT + timedelta(days=day), "denied", "*") for day in (0, 1)),
            _read(DENIED, AS_OF + timedelta(days=1), "read"),
            *(_read(CLOSED_TO_ALL, DENIED_AT + timedelta(days=day), "denied", "*") for day in (0, 1)),
        ],
    )
    warehouse.rows(
        "ops.checkpoints",
        [
            # A failure that the next load made good, and one part that is still denied.
            _unit(ACCOUNT, "minutes", "failed", "20261030T", AS_OF - timedelta(days=2)),
            _unit(ACCOUNT, "minutes", "done", "20261031T", AS_OF - timedelta(days=1)),
            _unit(ACCOUNT, "capacity", "done", "20261031T", AS_OF - timedelta(days=1), part=1),
            _unit(DENIED, "minutes", "done", "20261031T", AS_OF - timedelta(days=1), part=1),
            _unit(DENIED, "minutes", "denied", "20261031T", AS_OF - timedelta(days=1), part=2),
            _unit(DENIED, "memory", "failed", "20261031T", AS_OF - timedelta(days=1)),
            _unit(LEFT, "minutes", "skipped", "20261031T", AS_OF - timedelta(days=1)),
            # As loads wrote it that did not note what a unit covers.
            {"operation_id": "20261001T", "unit": "old", "status": "failed", "attempts": 1},
        ],
    )
    warehouse.build(MARTS)
    return warehouse


def _coverage(
    warehouse: SmallWarehouse, table: str, columns: str, account_id: str = ACCOUNT
) -> tuple[Any, ...]:
    [row] = warehouse.query(
        f"select {columns} from marts.collection_coverage"
        f" where table_name = '{table}' and account_id = '{account_id}'"
    )
    return tuple(row.values())


def _place(warehouse: SmallWarehouse, account_id: str, columns: str) -> tuple[Any, ...]:
    [row] = warehouse.query(f"select {columns} from marts.place_coverage where account_id = '{account_id}'")
    return tuple(row.values())


def _advice(warehouse: SmallWarehouse, table: str, account_id: str = ACCOUNT) -> dict[str, dict[str, Any]]:
    rows = warehouse.query(
        f"select * from marts.recommendations where table_name = '{table}' and account_id = '{account_id}'"
    )
    return {row["kind"]: row for row in rows}


def test_gaps_are_counted_and_the_largest_is_placed(built: SmallWarehouse) -> None:
    columns = "gap_minutes, gaps, largest_gap_minutes, largest_gap_starts_at"
    largest = WINDOW_START + timedelta(minutes=9000)
    assert _coverage(built, "gapped", columns) == (690, 2, 600, largest)
    assert _coverage(built, "sound", columns) == (0, 0, None, None)
    assert _coverage(built, "ancient", columns) == (MINUTES, 1, MINUTES, WINDOW_START)
    (missing,) = _coverage(built, "gapped", "missing")
    assert missing.startswith(
        "690 minutes of demand are unknown, in 2 gaps of which the largest has 600 from 2026-10-24 06:00 on. "
    )


def test_the_newest_known_minute_is_dated_even_before_the_window(built: SmallWarehouse) -> None:
    columns = "last_known_at, staleness_minutes"
    assert _coverage(built, "stale-over", columns) == (AS_OF - timedelta(minutes=2881), 2881)
    ancient = AS_OF - timedelta(days=30) + timedelta(minutes=10)
    assert _coverage(built, "ancient", columns) == (ancient, 30 * 1440 - 10)


def test_what_was_never_collected_has_no_extent(built: SmallWarehouse) -> None:
    columns = "five_minutes_from_at, five_minutes_to_at, hours_to_at, provisioned_to_at, throttles_to_at"
    assert _coverage(built, "sound", columns) == (None,) * 5


def test_a_refusal_of_the_account_counts_in_its_regions(built: SmallWarehouse) -> None:
    columns = "last_read_outcome, denied_since_at, last_successful_read_at, read_staleness_minutes"
    refused = ("denied", DENIED_AT, READ_AT, 5 * 1440)
    assert _coverage(built, "orders", columns, DENIED) == refused
    assert _place(built, DENIED, columns) == refused
    assert _coverage(built, "sound", columns) == ("read", None, AS_OF - timedelta(hours=1), 60)
    (account,) = built.query(
        f"select last_read_outcome from marts.dim_accounts where account_id = '{DENIED}'"
    )
    assert account == {"last_read_outcome": "denied"}


def test_readings_say_how_their_last_load_ended(built: SmallWarehouse) -> None:
    columns = ", ".join(f"{reading}_{what}" for reading in READINGS for what in ("outcome", "problem"))
    assert _coverage(built, "sound", columns) == ("done", None, "done", None, None, None)
    assert _coverage(built, "orders", columns, DENIED) == (
        *("denied", "minutes denied."),
        *(None, None),
        *("failed", "memory failed."),
    )
    assert _place(built, LEFT, columns)[:2] == ("skipped", "minutes skipped.")


def test_accounts_without_tables_have_a_row_too(built: SmallWarehouse) -> None:
    columns = "region, account_state, tables, last_read_outcome, denied_since_at, missing"
    assert _place(built, CLOSED_TO_ALL, columns) == (
        *("*", "active", 0, "denied", DENIED_AT),
        "Its inventory has been denied since 2026-10-29 00:00.",
    )
    assert _place(built, NEVER_TRIED, columns) == (
        *("*", "suspended", 0, None, None),
        "Its account is suspended, so that nothing is advised for it. Its inventory was never read.",
    )
    assert _place(built, LEFT, "account_state, left_after_at, tables") == ("left", LEFT_AFTER, 2)
    assert _place(built, JUST_LEFT, "account_state, left_after_at, tables") == ("left", AS_OF, 0)


def test_a_place_adds_up_its_tables(built: SmallWarehouse) -> None:
    columns = "tables, tables_unknown, tables_with_gaps, gap_minutes, staleness_minutes, missing"
    assert _place(built, ACCOUNT, columns) == (
        *(6, 1, 4, 690 + 2880 + 2881 + MINUTES, 30 * 1440 - 10),
        "Of 1 of 6 tables no demand is known. Of 3 of 6 tables minutes are unknown.",
    )


@pytest.mark.parametrize(
    ("table", "note"),
    [
        ("sound", ""),
        ("stale-at", ""),
        ("stale-over", "; stale: nothing newer than 2.0 days is known, of 2026-10-29 23:59 UTC"),
        ("gapped", "; 690 minutes are unknown in 2 gaps, the largest of 600 from 2026-10-24 06:00 UTC on"),
        ("coarse", "; 5.0 of 14.0 known days are in 300-second points only"),
        ("ancient", "; stale: nothing newer than 30.0 days is known, of 2026-10-02 00:10 UTC"),
    ],
)
def test_advice_says_what_its_data_lacks(built: SmallWarehouse, table: str, note: str) -> None:
    for row in _advice(built, table).values():
        finding, *parts = row["reason"].removesuffix(".").split("; ")
        assert "".join(f"; {part}" for part in parts) == note, finding


def test_a_denied_account_keeps_its_advice_dated(built: SmallWarehouse) -> None:
    sound, denied = _advice(built, "sound"), _advice(built, "orders", DENIED)
    assert denied["capacity_mode"]["monthly_savings_usd"] == sound["capacity_mode"]["monthly_savings_usd"] > 0
    assert _advice(built, "users", DENIED)["utilization"]["advice"] == "change"
    for row in (*denied.values(), *_advice(built, "users", DENIED).values()):
        assert row["reason"].endswith(
            "; the last reading of its demand was denied on 2026-10-31"
            "; the last reading of its long memory failed on 2026-10-31"
            "; stale: access to its account has been denied since 2026-10-29,"
            " so that its settings are of 2026-10-27."
        )


@pytest.mark.parametrize(
    ("account_id", "why"),
    [
        (LEFT, "its account left the organisation after 2026-10-12"),
        (SUSPENDED, "its account is suspended"),
    ],
)
def test_an_inactive_account_is_listed_and_counts_in_no_total(
    built: SmallWarehouse, account_id: str, why: str
) -> None:
    advice = [*_advice(built, "orders", account_id).values(), *_advice(built, "users", account_id).values()]
    assert len(advice) == 3 + 4
    for row in advice:
        assert (row["advice"], row["keep_reason"], row["monthly_savings_usd"]) == (
            "keep",
            "account_inactive",
            0,
        )
        assert row["reason"].startswith(f"No advice: {why}")
    guards = built.query(
        "select distinct guard, guard_reason from marts.plan_alternatives"
        f" where account_id = '{account_id}' and not is_current"
    )
    assert guards == [{"guard": "account_inactive", "guard_reason": f"No advice: {why}."}]
    totals = built.query(
        "select sum(current_monthly_cost_usd) as cost, sum(monthly_savings_usd) as savings"
        f" from marts.savings_summary where account_id = '{account_id}'"
    )
    assert totals == [{"cost": 0, "savings": 0}]
    (tables,) = built.query(f"select count(*) as n from marts.dim_tables where account_id = '{account_id}'")
    assert tables == {"n": 2}


def test_data_tests_of_coverage_hold(built: SmallWarehouse) -> None:
    tested = "path:models/marts/coverage path:models/intermediate/coverage stg_ops__checkpoints"
    assert built.failures(f"{tested} int_demand__gaps_found int_inventory__places_read") == []


def test_what_is_read_again_reaches_the_marts(built: SmallWarehouse, tmp_path: Path) -> None:
    with built.connection() as connection:
        connection.execute("checkpoint")
    warehouse = SmallWarehouse(built.project, tmp_path / "optima.duckdb")
    shutil.copyfile(built.path, warehouse.path)
    days = "select * from marts.fct_capacity_daily where table_name = 'gapped' order by day"
    before = warehouse.query(days)
    assert [day["known_minutes"] for day in before[:4]] == [1440, 1440, 1350, 1440]

    # The first day once more, with a late point, though the same is known of it; then the gap of the third.
    warehouse.query(
        "update raw_cloudwatch.metrics set value = value + 600 where resource_name = 'gapped'"
        f" and metric_name = 'ConsumedReadCapacityUnits' and timestamp = timestamp '{WINDOW_START}'"
    )
    span = {"span_start": WINDOW_START, "span_end": WINDOW_START + timedelta(days=1)}
    warehouse.rows("ops.checkpoints", [_unit(ACCOUNT, "minutes", "done", "20261101T", AS_OF, **span)])
    gap_at = WINDOW_START + timedelta(minutes=3000)
    warehouse.minutes(ACCOUNT, REGION, "gapped", reads=[2.0] * 90, writes=[0.0] * 90, start=gap_at)
    warehouse.build("int_demand__spans_split+,+fct_capacity_daily")
    after = warehouse.query(days)
    changed = {before[0]["day"], before[2]["day"]}
    assert after[0]["read_units"] - before[0]["read_units"] == pytest.approx(600)
    assert (after[2]["known_minutes"], after[2]["read_units"]) == (
        1440,
        pytest.approx(before[2]["read_units"] + 90 * 120),
    )
    for was, now in zip(before, after, strict=True):
        seen = [
            (day["known_minutes"], day["read_units"], day["read_max_units_per_second"]) for day in (was, now)
        ]
        assert (seen[0] == seen[1]) == (was["day"] not in changed)
