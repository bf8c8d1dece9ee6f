"""The price basis: what a unit was billed at in place of its list price, and the same advice under either."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from billing import OCTOBER_HOURS, BilledTable, Line
from exact_cases import ExactCase
from planted_tables import MINUTES, WINDOW_START
from price_list import LIST_PRICES
from small_warehouse import MakeWarehouse, SmallWarehouse

READS, WRITES = "ReadRequestUnits", "WriteRequestUnits"
READ_HOURS, STORAGE = "ReadCapacityUnit-Hrs", "TimedStorage-ByteHrs"
HALVED_AT = datetime(2026, 10, 20)

MILLION = 1_000_000
# What 70 reads a second and 1,000 GB are billed at in October, less 20 %, hour by hour.
DISCOUNTED = (
    Line(READS, 70 * 3600 * OCTOBER_HOURS, is_hourly=True, rate=0.000000125, discount=0.2),
    Line(STORAGE, 1000, is_hourly=True, rate=0.25, discount=0.2),
)
COSTS = ("current_monthly_cost_usd", "projected_monthly_cost_usd", "monthly_savings_usd")


def _advice(warehouse: SmallWarehouse, mart: str) -> dict[str, Any]:
    [row] = warehouse.query(f"select * from marts.{mart}")
    return row


@pytest.fixture(scope="module")
def advised(make_warehouse: MakeWarehouse) -> dict[str, dict[str, dict[str, Any]]]:
    """The advice on one table of an account with 20 % off everything, under each basis."""
    warehouse = make_warehouse()
    warehouse.price_list(has_free_tier=False)
    account = BilledTable(DISCOUNTED, size_bytes=1000 * 2**30).put_into(warehouse, 1)
    warehouse.minutes(
        account,
        "us-east-1",
        "subject",
        reads=np.full(MINUTES, 70.0),
        writes=np.zeros(MINUTES),
        start=WINDOW_START,
    )
    marts = ("capacity_mode_recommendations", "table_class_recommendations", "best_plans")
    found = {}
    for basis in ("list", "net", "amortized"):
        warehouse.build(" ".join(f"+{mart}" for mart in marts), price_basis=basis, target_utilization=0.7)
        found[basis] = {mart: _advice(warehouse, mart) for mart in marts}
    return found


@pytest.mark.parametrize(
    ("mart", "listed"),
    [
        ("capacity_mode_recommendations", ("22.995", "9.9645", "13.0305")),
        ("table_class_recommendations", ("272.995", "128.5138", "144.4812")),
        # Provisioned capacity in Standard-IA: 100 units of reads and 1 of writes, and 1,000 GB.
        ("best_plans", ("272.995", "112.2713", "160.7237")),
    ],
)
@pytest.mark.parametrize("basis", ["net", "amortized"])
def test_a_discount_on_everything_changes_dollars_and_no_decision(
    advised: dict[str, dict[str, dict[str, Any]]],
    exact_case: ExactCase,
    basis: str,
    mart: str,
    listed: tuple[str, ...],
) -> None:
    at_list, at_net = advised["list"][mart], advised[basis][mart]
    assert (at_list["price_basis"], at_net["price_basis"]) == ("list", basis)
    for amounts, factor, row in ((listed, Decimal("1"), at_list), (listed, Decimal("0.8"), at_net)):
        exact_case(
            31,
            f"{mart} at {row['price_basis']}: today, then, saves",
            expected=tuple(Decimal(amount) * factor for amount in amounts),
            computed=tuple(row[name] for name in COSTS),
        )
    for name in ("advice", "current_setting", "recommended_setting", "confidence", "risk"):
        assert at_net[name] == at_list[name]
    assert at_net["advice"] == "change"


def _prices(warehouse: SmallWarehouse, account: str, *keys: str) -> list[tuple[Decimal, str]]:
    rows = warehouse.query(
        f"""select price_key, price_usd, rate_source from intermediate.int_prices__accounts_in_force
        where account_id = '{account}' and region = 'us-east-1'"""
    )
    found = {row["price_key"]: (row["price_usd"], row["rate_source"]) for row in rows}
    return [found[key] for key in keys]


def _priced(
    warehouse: SmallWarehouse, *lines: Line, keys: tuple[str, ...], basis: str = "net"
) -> list[tuple[Decimal, str]]:
    """Prices of an account that is billed for these lines."""
    account = BilledTable(lines).put_into(warehouse, 1)
    warehouse.build("+int_prices__accounts_in_force", price_basis=basis)
    return _prices(warehouse, account, *keys)


def test_what_was_billed_has_its_own_rate_and_the_rest_the_accounts_discount(
    warehouse: SmallWarehouse,
) -> None:
    warehouse.price_list()
    # 100 USD of reads for 80, and 100 USD of writes, which have a private rate, for 48: together 0.64.
    found = _priced(
        warehouse,
        Line(READS, 800 * MILLION, rate=0.000000125, discount=0.2),
        Line(WRITES, 160 * MILLION, rate=0.0000003),
        # Of stored bytes no ratio is taken.
        Line(STORAGE, 1000, rate=0.25, discount=0.5),
        keys=(
            "ondemand.read.standard",
            "ondemand.write.standard",
            "ondemand.read.ia",
            "provisioned.read.standard",
            "storage.standard",
            "storage.ia",
        ),
    )
    assert found == [
        (Decimal("0.0000001"), "billed"),
        (Decimal("0.0000003"), "billed"),
        (Decimal("0.0000000992"), "list x account ratio"),
        (Decimal("0.0000832"), "list x account ratio"),
        (Decimal("0.125"), "billed"),
        (Decimal("0.064"), "list x account ratio"),
    ]


def test_the_list_basis_knows_no_bill(warehouse: SmallWarehouse) -> None:
    warehouse.price_list()
    found = _priced(warehouse, *DISCOUNTED, keys=tuple(LIST_PRICES), basis="list")
    assert found == [(Decimal(price), "list") for price in LIST_PRICES.values()]


def test_an_account_without_a_bill_pays_the_list(warehouse: SmallWarehouse) -> None:
    warehouse.price_list()
    unbilled = BilledTable(()).put_into(warehouse, 2)
    # The payer's other accounts are no measure of it either.
    elsewhere = "1" + f"{1:011d}"
    warehouse.rows(
        "raw_dynamodb.table_metadata",
        [{"account_id": elsewhere, "region": "us-east-1", "table_name": "other"}],
    )
    [billed] = _priced(warehouse, *DISCOUNTED, keys=("provisioned.read.standard",))
    assert billed == (Decimal("0.000104"), "list x account ratio")
    for account in (unbilled, elsewhere):
        assert _prices(warehouse, account, "provisioned.read.standard") == [(Decimal("0.00013"), "list")]


@pytest.mark.parametrize(("discount", "expected"), [(0.0, "0.25"), (0.135, "0.21625")])
def test_rounded_lines_make_no_crooked_rate(
    warehouse: SmallWarehouse, discount: float, expected: str
) -> None:
    """A small table's hour of storage is a few hundred-thousandths of a dollar, to ten decimals."""
    warehouse.price_list()
    line = Line(STORAGE, 0.05, is_hourly=True, rate=0.25, discount=discount)
    [rate] = _priced(warehouse, line, keys=("storage.standard",))
    assert rate == (Decimal(expected), "billed")


def test_a_crooked_rate_that_rounding_does_not_explain_stays(warehouse: SmallWarehouse) -> None:
    warehouse.price_list()
    line = Line(STORAGE, 1000, is_hourly=True, rate=0.25, discount=0.1234)
    [(price, _)] = _priced(warehouse, line, keys=("storage.standard",))
    assert round(price, 8) == Decimal("0.21915")


def test_free_units_do_not_make_a_rate_cheaper(warehouse: SmallWarehouse) -> None:
    warehouse.price_list()
    paid = Line(READ_HOURS, 18_600, rate=0.00013, discount=0.1)
    free = Line(READ_HOURS, 18_600, rate=0.0, discount=0.1)
    silent = replace(free, rate=None, columns={"unblended_cost": 0.0, "net_unblended_cost": 0.0})
    [rate] = _priced(warehouse, paid, free, silent, keys=("provisioned.read.standard",))
    assert rate == (Decimal("0.000117"), "billed")


@pytest.mark.parametrize(
    "other",
    [
        Line(READ_HOURS, 5000, kind="DiscountedUsage", rate=0.0),
        Line(READ_HOURS, 5000, kind="DiscountedUsage", rate=0.00005),
        Line(READ_HOURS, 5000, kind="SavingsPlanCoveredUsage", rate=0.00013),
        Line(READ_HOURS, 1, kind="Tax", rate=8.0),
        Line(READ_HOURS, 1, kind="Credit", rate=-5.0),
        Line(READ_HOURS, 1, kind="RIFee", rate=1.86),
        Line(READ_HOURS, 5000, rate=0.00012, columns={"currency": "EUR"}),
    ],
    ids=lambda line: f"{line.kind} at {line.rate}",
)
def test_what_is_covered_and_what_is_no_usage_make_no_rate(warehouse: SmallWarehouse, other: Line) -> None:
    warehouse.price_list()
    paid = Line(READ_HOURS, 10_000, rate=0.00013, discount=0.1)
    [rate] = _priced(warehouse, paid, other, keys=("provisioned.read.standard",))
    assert rate == (Decimal("0.000117"), "billed")


def test_lines_from_before_the_list_price_changed_make_no_rate(warehouse: SmallWarehouse) -> None:
    warehouse.price_list(prices=LIST_PRICES | {"ondemand.write.standard": "0.0000007"})
    warehouse.price_list(prices={"ondemand.write.standard": "0.00000035"}, effective_at=HALVED_AT)
    dear = Line(WRITES, 19 * 24 * 1000, end=HALVED_AT, is_hourly=True, rate=0.0000007, discount=0.2)
    cheap = Line(WRITES, 12 * 24 * 1000, start=HALVED_AT, is_hourly=True, rate=0.00000035, discount=0.2)
    found = _priced(warehouse, dear, cheap, keys=("ondemand.write.standard", "ondemand.read.standard"))
    assert found == [(Decimal("0.00000028"), "billed"), (Decimal("0.0000001"), "list x account ratio")]


def test_a_billed_rate_stands_in_for_a_missing_price_and_for_no_other(warehouse: SmallWarehouse) -> None:
    """A region that neither the price list nor the fallback knows."""
    lines = (Line("XXX9-" + READS, 800 * MILLION, region="xx-east-9", rate=0.0000001),)
    account = BilledTable(lines, table={"region": "xx-east-9"}).put_into(warehouse, 1)
    warehouse.build("+int_prices__throughput_in_force", price_basis="net")
    [row] = warehouse.query(
        f"""select * from intermediate.int_prices__throughput_in_force
        where account_id = '{account}' and table_class = 'STANDARD'"""
    )
    assert (row["on_demand_read_usd"], row["on_demand_write_usd"]) == (Decimal("0.0000001"), None)
    assert "ondemand.write.standard" in row["missing_prices"]
    assert "ondemand.read.standard" not in row["missing_prices"]


def test_another_basis_is_refused_in_a_sentence(warehouse: SmallWarehouse) -> None:
    with pytest.raises(RuntimeError, match="price_basis is 'gross'; it must be list, net or amortized"):
        warehouse.build("+int_prices__accounts_in_force", price_basis="gross")
