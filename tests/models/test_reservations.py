"""Owned reserved capacity: what it serves hour by hour, from the bill's fees."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from billing import OCTOBER_HOURS, BilledTable, Line
from small_warehouse import SmallWarehouse

PEAK_AT = datetime(2026, 10, 20)
PEAK_ENDS_AT = PEAK_AT + timedelta(hours=72)


def _fee(dimension: str, units: int, rate: float, arn: str) -> Line:
    """The fee that October began with."""
    return Line(
        f"HeavyUsage:dynamodb.{dimension}",
        units * OCTOBER_HOURS,
        kind="RIFee",
        rate=rate,
        columns={"resource_id": None, "reservation_arn": arn},
    )


OWNED = (_fee("write", 100, 0.000128, "w"), _fee("read", 100, 0.000025, "r"))
USED = Line("WriteCapacityUnit-Hrs", 40_000, is_hourly=True, rate=0.00065)


def _table(account: str, name: str, units: tuple[int, int], **columns: Any) -> dict[str, Any]:
    return {
        "account_id": account,
        "region": "us-east-1",
        "table_name": name,
        "table_class": "STANDARD",
        "billing_mode": "PROVISIONED",
        "created_at": datetime(2025, 1, 1),
        "read_capacity_units": units[0],
        "write_capacity_units": units[1],
    } | columns


def _pools(warehouse: SmallWarehouse) -> dict[str, dict[str, Any]]:
    rows = warehouse.query("select * from intermediate.int_costs__reservations_applied")
    return {row["dimension"]: row for row in rows}


def test_reservations_serve_all_accounts_of_the_payer_hour_by_hour(warehouse: SmallWarehouse) -> None:
    warehouse.price_list()
    account = BilledTable((*OWNED, USED)).put_into(warehouse, 1)
    elsewhere, stranger = "1" + account[1:], "2" + account[1:]
    versions = [
        _table(account, "peaking", (30, 60), valid_to=PEAK_AT),
        _table(account, "peaking", (180, 360), valid_from=PEAK_AT, valid_to=PEAK_ENDS_AT),
        _table(account, "peaking", (30, 60), valid_from=PEAK_ENDS_AT),
    ]
    others = [
        _table(elsewhere, "steady", (20, 40)),
        # None of these is served: another class, another mode, replicated writes, another payer or region.
        _table(account, "archived", (500, 500), table_class="STANDARD_INFREQUENT_ACCESS"),
        _table(elsewhere, "on_demand", (500, 500), billing_mode="PAY_PER_REQUEST"),
        _table(account, "global", (0, 500), replica_regions='["us-east-1", "eu-west-1"]'),
        _table(stranger, "strange", (500, 500)),
        _table(account, "distant", (500, 500), region="us-west-2"),
    ]
    warehouse.rows("raw_dynamodb.table_metadata", [*versions, *others])
    warehouse.build("+int_costs__reservations_applied")
    pools = _pools(warehouse)
    assert sorted(pools) == ["read", "write"]
    names = ("hours", "covered_unit_hours", "unused_unit_hours", "uncovered_unit_hours")
    dollars = ("fee_usd", "uncovered_usd", "upfront_usd")
    assert [pools["write"][name] for name in names] == [336, 33_600, 0, 21_600]
    assert [pools["write"][name] for name in dollars] == [Decimal("4.3008"), Decimal("14.04"), 150]
    assert [pools["read"][name] for name in names] == [336, 20_400, 13_200, 7200]
    assert [pools["read"][name] for name in dollars] == [Decimal("0.84"), Decimal("0.936"), 30]
    models = "int_billing__reservations_owned int_costs__reservable_hours_summed"
    assert warehouse.failures(f"{models} int_costs__reservations_applied") == []
