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
from planted_tables import MINUTES, WINDOW_START, plant
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
LISTED_COSTS = ("list_current_cost_usd", "list_projected_cost_usd", "list_monthly_savings_usd")
MARTS = ("savings_summary", "plan_cost_lines", "plan_alternatives")
# Where the basis is asked for: what a unit costs, and what a line of the bill is held against.
OF_BASIS = (
    "int_prices__accounts_in_force",
    "int_reconciliation__lines_valued",
    "int_reconciliation__tables_billed",
)
STATEMENTS = (
    "path:tests/data/advice the_lines_of_a_plan_add_up_to_its_costs"
    " best_plans_are_what_is_chosen_among_the_alternatives"
)
KINDS = (
    "best_plans",
    "capacity_mode_recommendations",
    "table_class_recommendations",
    "utilization_recommendations",
)

Advice = dict[tuple[str, str], dict[str, Any]]
Lines = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def discounted(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """An account with 20 % off everything, that was not billed for provisioned capacity yet; not built."""
    warehouse = make_warehouse()
    warehouse.price_list(has_free_tier=False)
    lines = (*DISCOUNTED, replace(DISCOUNTED[0], table="limited"))
    account = BilledTable(lines, size_bytes=1000 * 2**30).put_into(warehouse, 1)
    rates = {"reads": np.full(MINUTES, 70.0), "writes": np.zeros(MINUTES)}
    warehouse.minutes(account, "us-east-1", "subject", **rates, start=WINDOW_START)
    plant(warehouse, "idle", units=(100, 100), account_id=account)
    plant(warehouse, "limited", reads=70.0, on_demand_max_read_units=1000, account_id=account)
    return warehouse


def _advice(warehouse: SmallWarehouse) -> Advice:
    """Every row of every kind, by mart and table."""
    return {
        (mart, row["table_name"]): row
        for mart in KINDS
        for row in warehouse.query(f"select * from marts.{mart}")
    }


@pytest.fixture(scope="module")
def lines() -> dict[str, Lines]:
    """The lines of all plans under each basis, by key, as `advised` builds them."""
    return {}


@pytest.fixture(scope="module")
def advised(discounted: SmallWarehouse, lines: dict[str, Lines]) -> dict[str, Advice]:
    """The advice under each basis; the statements about all advice hold under the last, too."""
    found = {}
    for basis in ("list", "net", "amortized"):
        # Demand and simulation know nothing of prices, and are built once.
        firsts = ("",) if basis == "list" else (f"{model}+," for model in OF_BASIS)
        select = " ".join(f"{first}+{mart}" for first in firsts for mart in MARTS)
        discounted.build(select, price_basis=basis, target_utilization=0.7)
        found[basis] = _advice(discounted)
        rows = discounted.query("select * from marts.plan_cost_lines")
        lines[basis] = {row["plan_cost_line_key"]: row for row in rows}
    assert discounted.failures(STATEMENTS, price_basis="amortized") == []
    return found


@pytest.mark.parametrize(
    ("mart", "table", "listed"),
    [
        ("capacity_mode_recommendations", "subject", ("22.995", "9.9645", "13.0305")),
        ("table_class_recommendations", "subject", ("272.995", "128.5138", "144.4812")),
        # 100 units of reads and of writes, of which one each is left.
        ("utilization_recommendations", "idle", ("56.94", "0.5694", "56.3706")),
        # Provisioned capacity in Standard-IA: 100 units of reads and 1 of writes, and 1,000 GB.
        ("best_plans", "subject", ("272.995", "112.2713", "160.7237")),
    ],
)
@pytest.mark.parametrize("basis", ["net", "amortized"])
def test_a_discount_on_everything_changes_dollars_and_no_decision(
    advised: dict[str, Advice],
    exact_case: ExactCase,
    basis: str,
    mart: str,
    table: str,
    listed: tuple[str, ...],
) -> None:
    at_list, at_net = advised["list"][mart, table], advised[basis][mart, table]
    assert (at_list["price_basis"], at_net["price_basis"]) == ("list", basis)
    for factor, row in ((Decimal("1"), at_list), (Decimal("0.8"), at_net)):
        exact_case(
            31,
            f"{mart} at {row['price_basis']}: today, then, saves",
            expected=tuple(Decimal(amount) * factor for amount in listed),
            computed=tuple(row[name] for name in COSTS),
        )
        # Beside them what the list asks, whatever the basis.
        assert tuple(row[name] for name in LISTED_COSTS) == tuple(map(Decimal, listed))
    for name in ("advice", "current_setting", "recommended_setting", "confidence", "risk"):
        assert at_net[name] == at_list[name]
    assert at_net["advice"] == "change"


@pytest.mark.parametrize("basis", ["list", "net", "amortized"])
def test_every_build_has_the_costs_of_all_bases_side_by_side(
    advised: dict[str, Advice], lines: dict[str, Lines], basis: str
) -> None:
    assert lines.keys() == advised.keys()
    listed, other = lines["list"], lines[basis]
    assert listed.keys() == other.keys()
    assert {row["component"] for row in listed.values()} == {"read", "write", "storage"}
    for key, row in listed.items():
        # What this build works out beside its own costs is what a build on that basis costs.
        assert row[f"{basis}_cost_usd"] == other[key]["cost_usd"]
        assert row["list_cost_usd"] == other[key]["list_cost_usd"]


def test_the_totals_are_said_at_list_prices_too(
    discounted: SmallWarehouse, advised: dict[str, Advice]
) -> None:
    [row] = discounted.query("select * from marts.savings_summary where kind = 'utilization'")
    saved = advised["list"]["utilization_recommendations", "idle"]["monthly_savings_usd"]
    assert (row["monthly_savings_usd"], row["list_monthly_savings_usd"]) == (saved * Decimal("0.8"), saved)
    lines = discounted.query(
        """select component, price_usd, cost_usd, list_price_usd, list_cost_usd from marts.plan_cost_lines
        where table_name = 'subject' and plan = 'as_is' and table_class = 'STANDARD' and cost_usd > 0
        order by component"""
    )
    expected = [
        ("read", "0.0000001", "18.396", "0.000000125", "22.995"),
        ("storage", "0.2", "200", "0.25", "250"),
    ]
    assert [tuple(line.values()) for line in lines] == [
        (component, *map(Decimal, amounts)) for component, *amounts in expected
    ]


def test_a_model_that_is_off_costs_a_step_of_confidence(
    discounted: SmallWarehouse, advised: dict[str, Advice]
) -> None:
    before = advised["amortized"]
    note = "the model of its cost is 25 % above the bill"
    with discounted.connection() as connection:
        connection.execute(
            f"""update intermediate.int_reconciliation__models_judged
            set is_off = true, error_pct = 25.0, note = '{note}'"""
        )
    settings = {"price_basis": "amortized", "target_utilization": 0.7}
    discounted.build(" ".join((*KINDS, "recommendations")), **settings)
    lower = {"high": "medium", "medium": "low", "low": "low"}
    after = _advice(discounted)
    # The idle table is off without that: the bill of its account has none of its lines.
    assert before["utilization_recommendations", "idle"]["confidence"] == "medium"
    agreeing = {key: row for key, row in before.items() if key[1] != "idle"}
    for key, row in agreeing.items():
        assert after[key]["confidence"] == lower[row["confidence"]], key
        assert after[key]["reason"] == row["reason"].removesuffix(".") + f"; {note}."
        assert after[key]["monthly_savings_usd"] == row["monthly_savings_usd"]
        assert abs(row["model_error_pct"]) < 1
        assert after[key]["model_error_pct"] == 25
    assert {(mart, row["confidence"]) for (mart, _table), row in agreeing.items()} >= {
        ("best_plans", "high"),
        ("table_class_recommendations", "high"),
        ("capacity_mode_recommendations", "high"),
        ("capacity_mode_recommendations", "medium"),
    }
    listed = discounted.query("select distinct model_error_pct from marts.recommendations")
    assert listed == [{"model_error_pct": 25.0}]


# ---- What was billed ----


def _with_paid_reads(other: Line) -> BilledTable:
    """100,000 unit-hours that are paid for at 10 % off, and a line that says nothing of their price."""
    return BilledTable((Line(READ_HOURS, 10_000, rate=0.00013, discount=0.1), other))


FREE = Line(READ_HOURS, 18_600, rate=0.0, discount=0.1)
# What is no unit that somebody pays for.
NO_RATE = {
    "reserved": Line(READ_HOURS, 5000, kind="DiscountedUsage", rate=0.0),
    "reserved at a rate": Line(READ_HOURS, 5000, kind="DiscountedUsage", rate=0.00005),
    "planned": Line(READ_HOURS, 5000, kind="SavingsPlanCoveredUsage", rate=0.00013),
    "tax": Line(READ_HOURS, 1, kind="Tax", rate=8.0),
    "credit": Line(READ_HOURS, 1, kind="Credit", rate=-5.0),
    "fee": Line(READ_HOURS, 1, kind="RIFee", rate=1.86),
    "a discount that net costs contain": Line(READ_HOURS, 1, kind="EdpDiscount", rate=-0.13),
    "another currency": Line(READ_HOURS, 5000, rate=0.00012, columns={"currency": "EUR"}),
    "free units": FREE,
    "free units without a rate": replace(
        FREE, rate=None, columns={"unblended_cost": 0.0, "net_unblended_cost": 0.0}
    ),
}
CHANGED = "us-west-2"


def _focus(usage_type: str, amount: float, listed: float, billed: float, **columns: Any) -> Line:
    """Return usage as FOCUS tells it: USD at list price and as billed, without a rate."""
    costs = {"list_cost": listed, "billed_cost": billed, "effective_cost": billed}
    kind = {"format": "focus_1_2", "line_item_type": None, "charge_category": "Usage"}
    return Line(usage_type, amount, columns=kind | costs | columns)


UNKNOWN = "xx-east-9"
BILLED = {
    # 100 USD of reads for 80, and 100 USD of writes, which have a private rate, for 48: together 0.64.
    # Of stored bytes no ratio is taken.
    "own rates": BilledTable(
        (
            Line(READS, 800 * MILLION, rate=0.000000125, discount=0.2),
            Line(WRITES, 160 * MILLION, rate=0.0000003),
            Line(STORAGE, 1000, rate=0.25, discount=0.5),
        )
    ),
    "discounted": BilledTable(DISCOUNTED),
    "unbilled": BilledTable(()),
    **{
        # A small table's hour of storage is a few hundred-thousandths of a dollar, to ten decimals.
        f"rounded {discount}": BilledTable(
            (Line(STORAGE, 0.05, is_hourly=True, rate=0.25, discount=discount),)
        )
        for discount in (0.0, 0.135)
    },
    "crooked": BilledTable((Line(STORAGE, 1000, is_hourly=True, rate=0.25, discount=0.1234),)),
    **{name: _with_paid_reads(line) for name, line in NO_RATE.items()},
    # Without net costs a discount is known by its own line.
    "discount lines": BilledTable(
        (
            Line(READS, 800 * MILLION, rate=0.000000125),
            Line(READS, 1, kind="EdpDiscount", rate=-20.0),
        )
    ),
    "focus": BilledTable(
        (
            _focus(READS, 800 * MILLION, 100, 80),
            _focus(READ_HOURS, 10_000, 1.3, 1.17),
            # An effective cost of 0 is no price either.
            _focus(READ_HOURS, 10_000, 1.3, 1.17, effective_cost=0.0),
            _focus(READ_HOURS, 18_600, 0, 0),
            _focus(
                READ_HOURS,
                5000,
                0.65,
                0,
                effective_cost=0.3,
                commitment_discount_id="arn:aws:dynamodb:us-east-1:1:reserved-instances/r",
                commitment_discount_status="Used",
            ),
        )
    ),
    "changed list": BilledTable(
        tuple(
            Line(
                "USW2-" + WRITES,
                days * 24 * 1000,
                start,
                end,
                region=CHANGED,
                is_hourly=True,
                rate=rate,
                discount=0.2,
            )
            for start, end, days, rate in (
                (datetime(2026, 10, 1), HALVED_AT, 19, 0.0000007),
                (HALVED_AT, datetime(2026, 11, 1), 12, 0.00000035),
            )
        ),
        {"region": CHANGED},
    ),
    # A region that neither the price list nor the fallback knows.
    "no list": BilledTable(
        (Line("XXX9-" + READS, 800 * MILLION, region=UNKNOWN, rate=0.0000001),), {"region": UNKNOWN}
    ),
}


def _account(name: str) -> str:
    return f"0{list(BILLED).index(name):011d}"


@pytest.fixture(scope="module")
def billed(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """One account for each way of being billed, at what it pays."""
    warehouse = make_warehouse()
    warehouse.price_list()
    warehouse.price_list(CHANGED, prices=LIST_PRICES | {"ondemand.write.standard": "0.0000007"})
    warehouse.price_list(CHANGED, prices={"ondemand.write.standard": "0.00000035"}, effective_at=HALVED_AT)
    for number, case in enumerate(BILLED.values()):
        case.put_into(warehouse, number)
    # The payer's other accounts are no measure of each other.
    elsewhere = "1" + _account("discounted")[1:]
    warehouse.rows(
        "raw_dynamodb.table_metadata",
        [{"account_id": elsewhere, "region": "us-east-1", "table_name": "other"}],
    )
    warehouse.build("+effective_rates +int_prices__throughput_in_force", price_basis="net")
    return warehouse


def _prices(warehouse: SmallWarehouse, account: str, *keys: str) -> list[tuple[Decimal, str]]:
    rows = warehouse.query(
        f"""select price_key, price_usd, rate_source from intermediate.int_prices__accounts_in_force
        where account_id = '{account}'"""
    )
    found = {row["price_key"]: (row["price_usd"], row["rate_source"]) for row in rows}
    return [found[key] for key in keys]


def test_what_was_billed_has_its_own_rate_and_the_rest_the_accounts_discount(billed: SmallWarehouse) -> None:
    keys = (
        "ondemand.read.standard",
        "ondemand.write.standard",
        "ondemand.read.ia",
        "provisioned.read.standard",
        "storage.standard",
        "storage.ia",
    )
    assert _prices(billed, _account("own rates"), *keys) == [
        (Decimal("0.0000001"), "billed"),
        (Decimal("0.0000003"), "billed"),
        (Decimal("0.0000000992"), "list x account ratio"),
        (Decimal("0.0000832"), "list x account ratio"),
        (Decimal("0.125"), "billed"),
        (Decimal("0.064"), "list x account ratio"),
    ]


def test_an_account_without_a_bill_pays_the_list(billed: SmallWarehouse) -> None:
    key = "provisioned.read.standard"
    assert _prices(billed, _account("discounted"), key) == [(Decimal("0.000104"), "list x account ratio")]
    for account in (_account("unbilled"), "1" + _account("discounted")[1:]):
        assert _prices(billed, account, key) == [(Decimal("0.00013"), "list")]


@pytest.mark.parametrize(("discount", "expected"), [(0.0, "0.25"), (0.135, "0.21625")])
def test_rounded_lines_make_no_crooked_rate(billed: SmallWarehouse, discount: float, expected: str) -> None:
    rates = _prices(billed, _account(f"rounded {discount}"), "storage.standard")
    assert rates == [(Decimal(expected), "billed")]


def test_a_crooked_rate_that_rounding_does_not_explain_stays(billed: SmallWarehouse) -> None:
    [(price, _)] = _prices(billed, _account("crooked"), "storage.standard")
    assert round(price, 8) == Decimal("0.21915")


@pytest.mark.parametrize("other", NO_RATE)
def test_what_nobody_pays_by_the_unit_makes_no_rate(billed: SmallWarehouse, other: str) -> None:
    assert _prices(billed, _account(other), "provisioned.read.standard") == [(Decimal("0.000117"), "billed")]


def test_lines_from_before_the_list_price_changed_make_no_rate(billed: SmallWarehouse) -> None:
    keys = ("ondemand.write.standard", "ondemand.read.standard")
    assert _prices(billed, _account("changed list"), *keys) == [
        (Decimal("0.00000028"), "billed"),
        (Decimal("0.0000001"), "list x account ratio"),
    ]


def test_a_billed_rate_stands_in_for_a_missing_price_and_for_no_other(billed: SmallWarehouse) -> None:
    [row] = billed.query(
        f"""select * from intermediate.int_prices__throughput_in_force
        where account_id = '{_account("no list")}' and table_class = 'STANDARD'"""
    )
    assert (row["on_demand_read_usd"], row["on_demand_write_usd"]) == (Decimal("0.0000001"), None)
    assert row["list_on_demand_read_usd"] is None
    assert "ondemand.write.standard" in row["missing_prices"]
    assert "ondemand.read.standard" not in row["missing_prices"]


def _shown(warehouse: SmallWarehouse, name: str, *keys: str) -> list[tuple[Any, ...]]:
    """List, billed, net and amortised price, net / list, source and amount of each key."""
    rows = warehouse.query(
        f"""select price_key, list_price_usd, billed_price_usd, net_price_usd, amortized_price_usd,
            round(price_ratio, 12) as price_ratio, rate_source, amount
        from marts.effective_rates where account_id = '{_account(name)}'"""
    )
    found = {row["price_key"]: tuple(row.values())[1:] for row in rows}
    return [found[key] for key in keys]


def test_all_prices_are_shown_side_by_side(billed: SmallWarehouse) -> None:
    reads, unit_hours, storage = _shown(
        billed, "own rates", "ondemand.read.standard", "provisioned.read.standard", "storage.standard"
    )
    listed, net = Decimal("0.000000125"), Decimal("0.0000001")
    assert reads == (listed, listed, net, net, 0.8, "billed", 800 * MILLION)
    net = Decimal("0.0000832")
    assert unit_hours == (Decimal("0.00013"), None, net, net, 0.64, "list x account ratio", None)
    net = Decimal("0.125")
    assert storage == (Decimal("0.25"), Decimal("0.25"), net, net, 0.5, "billed", 1000)
    assert billed.failures("effective_rates int_billing__rates_billed int_prices__accounts_in_force") == []


def test_a_discount_that_is_a_line_of_its_own_makes_the_unit_cheaper(billed: SmallWarehouse) -> None:
    [row] = _shown(billed, "discount lines", "ondemand.read.standard")
    listed, net = Decimal("0.000000125"), Decimal("0.0000001")
    assert row == (listed, listed, net, net, 0.8, "billed", 800 * MILLION)


def test_focus_has_rates_without_unblended_costs(billed: SmallWarehouse) -> None:
    reads, unit_hours, units_of_ia = _shown(
        billed, "focus", "ondemand.read.standard", "provisioned.read.standard", "provisioned.read.ia"
    )
    listed, net = Decimal("0.000000125"), Decimal("0.0000001")
    assert reads == (listed, None, net, net, 0.8, "billed", 800 * MILLION)
    net = Decimal("0.000117")
    assert unit_hours == (Decimal("0.00013"), None, net, net, 0.9, "billed", 20_000)
    # 82.34 of 102.60 USD.
    assert units_of_ia[5] == "list x account ratio"
    assert round(units_of_ia[2], 9) == Decimal("0.000128405")


def test_the_list_basis_knows_no_bill(billed: SmallWarehouse) -> None:
    shown = billed.query("select * from marts.effective_rates order by account_price_key")
    billed.build("int_prices__accounts_in_force effective_rates", price_basis="list")
    found = _prices(billed, _account("discounted"), *LIST_PRICES)
    assert found == [(Decimal(price), "list") for price in LIST_PRICES.values()]
    # What was billed is shown all the same.
    assert billed.query("select * from marts.effective_rates order by account_price_key") == shown


def test_another_basis_is_refused_in_a_sentence(billed: SmallWarehouse) -> None:
    with pytest.raises(RuntimeError, match="price_basis is 'gross'; it must be list, net or amortized"):
        billed.build("int_prices__accounts_in_force", price_basis="gross")
