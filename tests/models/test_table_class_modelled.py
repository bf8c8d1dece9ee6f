"""Table class without a billing export: modelled from size, settings and demand, and said to be."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from billing import PROVISIONED, BilledTable, Line
from small_warehouse import MakeWarehouse, SmallWarehouse

WEEK_START = datetime(2026, 10, 25)
WEEK_MINUTES = 7 * 1440
# 95 % of a week.
ENOUGH_MINUTES = 9576
TERABYTE = 1000 * 2**30

# Each in an account of its own, in this order: the table's columns, its bytes, its known minutes of a week.
TABLES: dict[str, tuple[dict[str, Any], int | None, int]] = {
    "on-demand with an index": ({}, TERABYTE, WEEK_MINUTES),
    "barely known": ({}, TERABYTE, ENOUGH_MINUTES),
    "hardly known": ({}, TERABYTE, ENOUGH_MINUTES - 1),
    "without a size": ({}, None, WEEK_MINUTES),
    "empty": ({}, 0, WEEK_MINUTES),
    "fixed and not measured": (PROVISIONED | {"read_capacity_units": 100}, TERABYTE, 0),
    "billed and throttled": ({}, None, WEEK_MINUTES),
}


@pytest.fixture(scope="module")
def november(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """Build all tables at once: 100 writes a second each, in the last week of October."""
    warehouse = make_warehouse()
    warehouse.price_list(has_free_tier=False)
    for number, (name, (columns, size_bytes, known_minutes)) in enumerate(TABLES.items()):
        lines = (Line("TimedStorage-ByteHrs", 400),) if name == "billed and throttled" else ()
        account = BilledTable(lines, columns, size_bytes).put_into(warehouse, number)
        writes = np.full(WEEK_MINUTES, 100.0)
        writes[: WEEK_MINUTES - known_minutes] = np.nan
        warehouse.minutes(account, "us-east-1", "subject", reads=writes * 0, writes=writes, start=WEEK_START)
    index = {"table_name": "subject", "resource_name": "subject#by-date"}
    place = {"account_id": account_of("on-demand with an index"), "region": "us-east-1"}
    warehouse.rows("raw_dynamodb.gsi_metadata", [place | index | {"gsi_name": "by-date"}])
    size = {"observed_on": datetime(2026, 11, 1).date(), "size_bytes": TERABYTE // 10, "item_count": 0}
    warehouse.rows("raw_dynamodb.table_sizes", [place | index | size | {"gsi_name": "by-date"}])
    writes = np.full(WEEK_MINUTES, 10.0)
    warehouse.minutes(*place.values(), "subject#by-date", reads=writes * 0, writes=writes, start=WEEK_START)
    throttles = np.zeros(WEEK_MINUTES)
    throttles[5] = 1
    throttled = (account_of("billed and throttled"), "us-east-1", "subject", "WriteThrottleEvents")
    warehouse.series(*throttled, throttles, start=WEEK_START)
    warehouse.build("+table_class_recommendations", days=7)
    return warehouse


def account_of(name: str) -> str:
    return f"0{list(TABLES).index(name):011d}"


def advice_of(warehouse: SmallWarehouse, name: str) -> dict[str, Any]:
    (row,) = warehouse.query(
        f"select * from marts.table_class_recommendations where account_id = '{account_of(name)}'"
    )
    return row


def test_indexes_are_part_of_their_table(november: SmallWarehouse) -> None:
    row = advice_of(november, "on-demand with an index")
    # 1,100 GB; 110 writes a second are 289.08 million a month.
    assert (row["storage_gb"], row["storage_cost_usd"]) == (Decimal("1100"), Decimal("275"))
    assert row["throughput_cost_usd"] == Decimal("180.675")
    assert row["projected_monthly_cost_usd"] == Decimal("110") + Decimal("225.4824")
    assert row["monthly_savings_usd"] == Decimal("120.1926")
    assert (row["source_of_usage"], row["confidence"]) == ("modelled", "low")
    assert (row["window_start"], row["coverage_ratio"]) == (WEEK_START, 1.0)
    assert row["reason"].endswith(
        ", modelled from size and demand because no billing export names the table."
    )


def test_a_week_of_demand_is_needed(november: SmallWarehouse) -> None:
    enough, too_little = advice_of(november, "barely known"), advice_of(november, "hardly known")
    assert (enough["keep_reason"], enough["monthly_savings_usd"]) == (None, Decimal("109.266"))
    assert (too_little["keep_reason"], too_little["monthly_savings_usd"]) == (
        "too_little_history",
        Decimal(0),
    )
    assert enough["coverage_ratio"] == pytest.approx(0.95)


@pytest.mark.parametrize("name", ["without a size", "empty"])
def test_an_unknown_size_is_no_size(november: SmallWarehouse, name: str) -> None:
    row = advice_of(november, name)
    assert (row["keep_reason"], row["monthly_savings_usd"]) == ("unknown_size", Decimal(0))


def test_fixed_capacity_needs_no_demand(november: SmallWarehouse) -> None:
    row = advice_of(november, "fixed and not measured")
    # 100 read units and 1 write unit.
    assert row["current_monthly_cost_usd"] == Decimal("250") + Decimal("9.49") + Decimal("0.4745")
    assert row["projected_monthly_cost_usd"] == Decimal("100") + Decimal("11.68") + Decimal("0.5913")
    assert row["keep_reason"] is None


def test_throttling_raises_the_risk_and_lowers_the_confidence(november: SmallWarehouse) -> None:
    row = advice_of(november, "billed and throttled")
    assert (row["source_of_usage"], row["monthly_savings_usd"]) == ("billing export", Decimal("60"))
    assert (row["risk"], row["confidence"]) == ("high", "low")
