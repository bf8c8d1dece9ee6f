"""Commitments: what is owned, what of it is used, what a change would strand, and what is worth buying.

A write unit reserved for a year costs 0.000128 USD an hour and 1.50 USD up front, a read unit 0.000025 and
0.30; for three years 0.000081 and 1.80, 0.000016 and 0.36. Unreserved they are 0.00065 and 0.00013.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from billing import OCTOBER, OCTOBER_HOURS, PROVISIONED, BilledTable, Line
from exact_cases import ExactCase
from planted_tables import DAYS, MINUTES, WINDOW_START, plant
from small_warehouse import AS_OF, PROJECT, MakeWarehouse, SmallWarehouse

BUILT = (
    "owned_commitments commitment_utilization commitment_coverage commitment_recommendations"
    " int_commitments__stranded int_costs__reservations_applied"
)
OWNER, BUYER, PLANNER, SMALL, PEAKING = 1, 2, 3, 4, 5
HOURS = DAYS * 24
PLAN = "arn:aws:savingsplans::100000000001:savingsplan/p"
# What the bill spreads over the unit-hours of a year's reservation.
WRITE_RATE = 0.000128 + 1.5 / 8760
READ_RATE = 0.000025 + 0.3 / 8760


def _arn(region: str, name: str) -> str:
    """A reservation of an account beside that of the tables."""
    return f"arn:aws:dynamodb:{region}:100000000001:reserved-instances/{name}"


def _reservation(arn: str, ends: datetime = datetime(2027, 3, 1)) -> dict[str, Any]:
    return {
        "reservation_arn": arn,
        "reservation_start_at": ends.replace(year=ends.year - 1),
        "reservation_end_at": ends,
    }


def _fee(dimension: str, arn: str, rate: float, **options: Any) -> Line:
    """The fee of October for 100 units."""
    unused = options.pop("unused", {})
    columns = {"resource_id": None} | unused | _reservation(arn, options.pop("ends", datetime(2027, 3, 1)))
    hours = options.pop("hours", OCTOBER_HOURS)
    return Line(
        f"HeavyUsage:dynamodb.{dimension}",
        100 * hours,
        kind="RIFee",
        rate=rate,
        end=OCTOBER + timedelta(hours=hours),
        columns=columns,
        **options,
    )


# 100 write units of which 60 are used; 100 read units that nobody uses; 100 read units that ended on the
# 16th; and a plan of 0.10 USD an hour of which 0.08 are used, for 160,000 writes that would cost 0.10.
_ENDED = datetime(2026, 10, 16)
_W, _R, _E = _arn("us-east-1", "w"), _arn("us-east-1", "r"), _arn("us-west-2", "e")
_UNUSED_UNIT_HOURS = 40 * OCTOBER_HOURS
_PLANNED = {"savings_plan_arn": PLAN, "savings_plan_start_at": datetime(2026, 6, 1)} | {
    "savings_plan_end_at": datetime(2027, 6, 1),
    "savings_plan_payment_option": "No Upfront",
    "savings_plan_purchase_term": "1yr",
    "savings_plan_offering_type": "DatabaseSavingsPlans",
}
OWNED_LINES = (
    _fee(
        "write",
        _W,
        0.000128,
        unused={
            "reservation_unused_quantity": _UNUSED_UNIT_HOURS,
            "reservation_unused_recurring_fee": _UNUSED_UNIT_HOURS * 0.000128,
            "reservation_unused_amortized_upfront_fee": _UNUSED_UNIT_HOURS * 1.5 / 8760,
        },
    ),
    Line(
        "WriteCapacityUnit-Hrs",
        60 * OCTOBER_HOURS,
        kind="DiscountedUsage",
        columns=_reservation(_W) | {"reservation_effective_cost": 60 * OCTOBER_HOURS * WRITE_RATE},
    ),
    _fee("read", _R, 0.000025),
    _fee("read", _E, 0.000025, hours=360, ends=_ENDED, region="us-west-2"),
    Line(
        "USW2-ReadCapacityUnit-Hrs",
        100 * 360,
        kind="DiscountedUsage",
        end=_ENDED,
        region="us-west-2",
        table="elder",
        columns=_reservation(_E, _ENDED) | {"reservation_effective_cost": 100 * 360 * READ_RATE},
    ),
    Line(
        "USW2-ReadCapacityUnit-Hrs", 100 * 384, start=_ENDED, region="us-west-2", table="elder", rate=0.00013
    ),
    Line(
        "DatabaseSP:1yrNoUpfront",
        OCTOBER_HOURS,
        kind="SavingsPlanRecurringFee",
        is_hourly=True,
        rate=0.1,
        columns=_PLANNED
        | {
            "product_code": "DatabaseSavingsPlans",
            "resource_id": None,
            "savings_plan_total_commitment": 0.1,
            "savings_plan_used_commitment": 0.08,
        },
    ),
    Line(
        "WriteRequestUnits",
        160_000 * OCTOBER_HOURS,
        kind="SavingsPlanCoveredUsage",
        table="planned",
        columns=_PLANNED | {"savings_plan_effective_cost": 0.08 * OCTOBER_HOURS},
    ),
)


def _account(number: int) -> str:
    return f"0{number:011d}"


def _payer(number: int) -> str:
    return f"8{number:011d}"


def _plant_owner(warehouse: SmallWarehouse) -> None:
    """Commitments, and tables that use them: 60 write units, 100 read units, writes on demand."""
    table = PROVISIONED | {"read_capacity_units": 1, "write_capacity_units": 60}
    account = BilledTable(OWNED_LINES, table).put_into(warehouse, OWNER)
    warehouse.minutes(
        account,
        "us-east-1",
        "subject",
        reads=np.zeros(MINUTES),
        writes=np.full(MINUTES, 10.0),
        start=WINDOW_START,
    )
    plant(warehouse, "planned", writes=160_000 / 3600, account_id=account)
    plant(warehouse, "elder", reads=95.0, units=(100, 1), account_id=account, region="us-west-2")


def _plant_buyer(warehouse: SmallWarehouse) -> None:
    """Writes that need 800 units in 126 of 336 hours, else 600: 500 fixed, the rest autoscaled."""
    account = BilledTable(()).put_into(warehouse, BUYER)
    plant(warehouse, "steady", writes=480.0, units=(1, 500), account_id=account)
    writes = np.full(MINUTES, 90.0)
    writes[: 126 * 60] = 270.0
    plant(warehouse, "scaled", writes=writes, units=(1, 100), account_id=account)
    warehouse.query(
        f"""update raw_dynamodb.table_metadata set write_autoscaling_min = 100, write_autoscaling_max = 400,
        write_autoscaling_target_pct = 90 where table_name = 'scaled' and account_id = '{account}'"""
    )
    warehouse.query(
        f"""update raw_cloudwatch.metrics set value = 300
        where account_id = '{account}' and resource_name = 'scaled'
        and metric_name = 'ProvisionedWriteCapacityUnits'
        and timestamp < timestamp '{WINDOW_START + timedelta(hours=126)}'"""
    )
    # Once it is on-demand it provisions nothing; and what left the organisation buys nothing.
    plant(warehouse, "leaving", units=(1, 1000), account_id=account)
    gone = "2" + account[1:]
    warehouse.rows(
        "raw_organizations.aws_accounts",
        [{"account_id": gone, "management_account_id": _payer(BUYER), "state": "SUSPENDED"}],
    )
    plant(warehouse, "suspended", writes=960.0, units=(1, 1000), account_id=gone)


def _plant_planner(warehouse: SmallWarehouse) -> None:
    """360,000 writes an hour, all in its first minute, which no provisioned capacity serves for less."""
    account = BilledTable(()).put_into(warehouse, PLANNER)
    writes = np.zeros(MINUTES)
    writes[::60] = 6000.0
    plant(warehouse, "hourly", writes=writes, account_id=account)


def _plant_small(warehouse: SmallWarehouse) -> None:
    """124 write units at work: one block, whose free-tier-less neighbour is too young to count."""
    account = BilledTable(()).put_into(warehouse, SMALL)
    plant(warehouse, "block", writes=117.0, units=(1, 124), account_id=account, region="us-west-2")
    plant(
        warehouse,
        "young",
        writes=900.0,
        units=(1, 1000),
        account_id=account,
        region="us-west-2",
        created_at=AS_OF - timedelta(days=3),
        starts_at=AS_OF - timedelta(days=3),
    )


_CASE_14_HOURS, _PEAK_HOURS = 730, 72


def _case_14_lines() -> tuple[Line, ...]:
    """730 hours of October: 100 writes and 50 reads, but 400 and 200 in the first 72 hours."""
    peak_end = OCTOBER + timedelta(hours=_PEAK_HOURS)
    end = OCTOBER + timedelta(hours=_CASE_14_HOURS)
    lines: list[Line] = []
    for usage_type, dimension, rate, price, base, peak in (
        ("WriteCapacityUnit-Hrs", "write", 0.000128, 0.00065, 100, 400),
        ("ReadCapacityUnit-Hrs", "read", 0.000025, 0.00013, 50, 200),
    ):
        arn = _arn("us-east-1", f"case-14-{dimension}")
        covered = _reservation(arn)
        lines += [
            _fee(dimension, arn, rate, hours=_CASE_14_HOURS),
            Line(usage_type, 100 * _PEAK_HOURS, kind="DiscountedUsage", end=peak_end, columns=covered),
            Line(usage_type, (peak - 100) * _PEAK_HOURS, end=peak_end, rate=price),
            Line(
                usage_type,
                base * (_CASE_14_HOURS - _PEAK_HOURS),
                kind="DiscountedUsage",
                start=peak_end,
                end=end,
                columns=covered,
            ),
        ]
    storage = Line("TimedStorage-ByteHrs", 10 * _CASE_14_HOURS / OCTOBER_HOURS, end=end, rate=0.25)
    return (*lines, storage)


def _plan_rates(warehouse: SmallWarehouse) -> None:
    """18 % off on-demand writes and 12 % off provisioned units of us-east-1; other offerings beside."""
    rates = {
        "WriteRequestUnits": "0.0000005125",
        "WriteCapacityUnit-Hrs": "0.000572",
        "ReadCapacityUnit-Hrs": "0.0001144",
    }
    offering = {
        "offering_id": "no-upfront",
        "region": "us-east-1",
        "service_code": "AmazonDynamoDB",
        "currency": "USD",
        "plan_type": "Database",
        "payment_option": "No Upfront",
        "duration_seconds": 31_536_000,
    }
    others: tuple[dict[str, Any], ...] = (
        {"payment_option": "All Upfront"},
        {"plan_type": "Compute"},
        {"duration_seconds": 94_608_000},
    )
    rows = [
        offering | {"usage_type": name, "rate": Decimal(rate) / share, "offering_id": str(other)} | other
        for name, rate in rates.items()
        for share, other in ((1, {}), *((2, other) for other in others))
    ]
    warehouse.rows("raw_pricing.savings_plan_rates", rows)


@pytest.fixture(scope="module")
def committed(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """Payers with commitments and payers who may want some, in one organisation each; no free tier."""
    warehouse = make_warehouse()
    for region in ("us-east-1", "us-west-2"):
        warehouse.price_list(region, has_free_tier=False)
    _plan_rates(warehouse)
    _plant_owner(warehouse)
    _plant_buyer(warehouse)
    _plant_planner(warehouse)
    _plant_small(warehouse)
    BilledTable(_case_14_lines(), PROVISIONED).put_into(warehouse, PEAKING)
    warehouse.build(" ".join(f"+{model}" for model in BUILT.split()))
    return warehouse


def _rows(warehouse: SmallWarehouse, mart: str, payer: int) -> list[dict[str, Any]]:
    return warehouse.query(f"select * from marts.{mart} where payer_account_id = '{_payer(payer)}'")


def _option(
    warehouse: SmallWarehouse, payer: int, option: str, dimension: str | None = None
) -> Mapping[str, Any]:
    [row] = [
        row
        for row in _rows(warehouse, "commitment_recommendations", payer)
        if (row["option"], row["dimension"]) == (option, dimension)
    ]
    return row


def _usd(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


def _amounts(row: Mapping[str, Any], names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names.split())


def test_what_is_owned_has_an_end_an_owner_a_term_and_a_cost(committed: SmallWarehouse) -> None:
    owned = {row["commitment_arn"]: row for row in _rows(committed, "owned_commitments", OWNER)}
    assert set(owned) == {_W, _R, _E, PLAN}
    names = "kind region dimension units hourly_commitment_usd upfront_usd monthly_cost_usd ends_at is_active"
    # 12.80 cents an hour for 730 hours and a twelfth of 150; 0.25 cents and a twelfth of 30.
    assert [_amounts(owned[arn], names) for arn in (_W, _E, PLAN)] == [
        ("reserved", "us-east-1", "write", 100, *_usd("0.0128", "150", "21.844"), datetime(2027, 3, 1), True),
        ("reserved", "us-west-2", "read", 100, *_usd("0.0025", "30", "4.325"), _ENDED, False),
        ("savings_plan", None, None, None, *_usd("0.1", "0", "73"), datetime(2027, 6, 1), True),
    ]
    others = "owner_account_id term payment_option"
    assert {_amounts(row, others)[:2] for row in owned.values()} == {("100000000001", "1yr")}
    assert owned[_W]["description"] == (
        "100 reserved write units in us-east-1 for a year, until 2027-03-01 00:00 UTC; costs 21.84 USD a"
        " month, 150.00 USD paid up front included."
    )


def test_what_is_not_used_is_said_with_what_it_cost(committed: SmallWarehouse) -> None:
    used = {row["commitment_arn"]: row for row in _rows(committed, "commitment_utilization", OWNER)}
    names = "committed_amount used_amount unused_amount utilization_pct is_flagged unused_usd"
    assert {arn: _amounts(row, names) for arn, row in used.items()} == {
        # 29,760 unit-hours at 0.000128 and 1.50 / 8,760, as the bill says.
        _W: (74_400, 44_640, 29_760, 60.0, True, Decimal("8.9051704110")),
        # 74,400 at 0.000025 and 0.30 / 8,760: the bill does not say, the rates do.
        _R: (74_400, 0, 74_400, 0.0, True, Decimal("4.4079452055")),
        # Half a month, then it ended.
        _E: (36_000, 36_000, 0, 100.0, False, 0),
        PLAN: (*_usd("74.4", "59.52", "14.88"), 80.0, True, Decimal("14.88")),
    }
    assert {row["billing_month"] for row in used.values()} == {date(2026, 10, 1)}
    assert used[_R]["reason"] == (
        "Nobody used the 100 reserved read units in us-east-1 (account 100000000001) in 2026-10: 4.41 USD of"
        " its amortised cost bought nothing."
    )
    assert used[PLAN]["reason"] == (
        "80.0 % of the savings plan of 0.100 USD an hour (account 100000000001) was used in 2026-10, less"
        " than 90 %: 14.88 USD of its amortised cost bought nothing."
    )


def test_coverage_tells_each_pool_apart(committed: SmallWarehouse) -> None:
    names = "eligible_amount reserved_amount plan_amount uncovered_amount uncovered_list_usd"
    coverage = _rows(committed, "commitment_coverage", OWNER)
    assert {(row["region"], row["pool"]): _amounts(row, names) for row in coverage} == {
        ("us-east-1", "provisioned.write.standard"): (44_640, 44_640, 0, 0, 0),
        ("us-west-2", "provisioned.read.standard"): (74_400, 36_000, 0, 38_400, Decimal("4.992")),
        ("us-east-1", "ondemand.write.standard"): (119_040_000, 0, 119_040_000, 0, 0),
    }


def test_a_change_strands_what_nobody_else_would_use(committed: SmallWarehouse) -> None:
    stranded = {
        (row["table_name"], row["plan"], row["table_class"]): row
        for row in committed.query(
            f"""select tables.table_name, tables.plan, tables.table_class, stranded.*
            from intermediate.int_commitments__stranded as stranded
            inner join intermediate.int_plans__tables_priced as tables using (plan_alternative_key)
            where tables.account_id = '{_account(OWNER)}'"""
        )
    }
    # 60 units: 43,800 unit-hours at 0.000128 and 1.50 / 8,760.
    row = stranded["subject", "on_demand", "STANDARD"]
    assert _amounts(row, "stranded_reserved_unit_hours stranded_usd") == (43_800, Decimal("13.1064"))
    assert row["note"] == (
        "13.11 USD a month of owned commitments would be left without use until 2027-03-01"
    )
    # At a target of 90 %, ten writes a second need 12 units of the 60.
    row = stranded["subject", "provisioned_autoscaled", "STANDARD"]
    assert _amounts(row, "stranded_reserved_unit_hours stranded_usd") == (48 * 730, Decimal("10.48512"))
    # 0.08 an hour for 730 hours; but 4.68 of 74.40 would be used by reads whose own reservation has ended.
    row = stranded["planned", "as_is", "STANDARD_INFREQUENT_ACCESS"]
    assert row["stranded_plan_usd"] == Decimal("54.7264516129")
    kept = [row for key, row in stranded.items() if key[1:] == ("as_is", "STANDARD") or key[0] == "elder"]
    assert {row["stranded_usd"] for row in kept} <= {None, Decimal(0)}


def test_only_who_owns_reserved_capacity_has_a_pool_of_it(committed: SmallWarehouse) -> None:
    pools = committed.query(
        "select distinct payer_account_id as payer from intermediate.int_costs__reservations_applied"
    )
    assert {row["payer"] for row in pools} == {_payer(OWNER), _payer(PEAKING)}


def test_what_has_ended_is_sunk_no_longer(committed: SmallWarehouse) -> None:
    rows = committed.query(
        f"""select table_name, throughput_cost_usd from intermediate.int_plans__tables_priced
        where account_id = '{_account(OWNER)}' and plan = 'as_is' and is_class_in_force"""
    )
    costs = {row["table_name"]: row["throughput_cost_usd"] for row in rows}
    # 100 reads a second at 0.00013 and one write; what is in force costs nothing but one read.
    assert (costs["elder"], costs["subject"]) == _usd("9.9645", "0.0949")


def test_reserved_capacity_is_sized_by_what_the_best_plans_leave(committed: SmallWarehouse) -> None:
    names = (
        "quantity upfront_usd monthly_cost_without_usd monthly_cost_usd monthly_savings_usd worst_case_usd"
    )
    # 800 units in 126 of 336 hours, else 600; of a year a unit pays in 46 % of the hours, of three in 23 %.
    # The table that leaves for on-demand and the one whose account is suspended have 1,000 each, for nothing.
    one = _option(committed, BUYER, "reserved_1yr", "write")
    assert _amounts(one, names) == (600, 900, *_usd("320.2875", "166.6515", "153.636", "131.064"))
    three = _option(committed, BUYER, "reserved_3yr", "write")
    assert _amounts(three, names) == (800, 1440, *_usd("320.2875", "87.304", "232.9835", "87.304"))
    shares = "break_even_utilization_pct hours_overbought_pct break_even_months"
    assert _amounts(one, shares) == pytest.approx((WRITE_RATE / 0.00065 * 100, 0, 900 / (153.636 + 75)))
    assert _amounts(three, shares) == pytest.approx(
        ((0.000081 + 1.8 / 26280) / 0.00065 * 100, 62.5, 1440 / (232.9835 + 40))
    )


def test_the_example_of_the_documents_is_what_comes_out(committed: SmallWarehouse) -> None:
    document = (PROJECT / "docs" / "commitments.md").read_text()
    written = re.findall(r"^\| ((?:reserved|savings).*?) \|$", document, flags=re.MULTILINE)
    rows = [
        _option(committed, BUYER, option, dimension)
        for option, dimension in (
            ("reserved_1yr", "write"),
            ("reserved_3yr", "write"),
            ("savings_plan", None),
        )
    ]
    assert written == [
        f"{row['option']} | {row['quantity']:.3f} | {row['upfront_usd']:.2f}"
        f" | {row['monthly_cost_without_usd']:.4f} | {row['monthly_cost_usd']:.4f}"
        f" | {row['monthly_savings_usd']:.4f} | {row['break_even_utilization_pct']:.2f} %"
        f" | {row['hours_overbought_pct']:.1f} % | {row['break_even_months']:.2f}"
        f" | {row['worst_case_usd']:.4f}"
        for row in rows
    ]
    [advised] = [row["option"] for row in rows if row["is_recommended"]]
    assert f"Advised: `{advised}`." in document


def test_one_purchase_is_advised_to_each_payer(committed: SmallWarehouse) -> None:
    advised = {
        payer: [
            _amounts(row, "option dimension region")
            for row in _rows(committed, "commitment_recommendations", payer)
            if row["is_recommended"]
        ]
        for payer in (OWNER, BUYER, PLANNER, SMALL, PEAKING)
    }
    assert advised == {
        OWNER: [("none", None, None)],
        BUYER: [("reserved_3yr", "write", "us-east-1")],
        PLANNER: [("savings_plan", None, None)],
        SMALL: [("reserved_3yr", "write", "us-west-2")],
        PEAKING: [("none", None, None)],
    }
    reasons = {payer: _option(committed, payer, "none")["reason"] for payer in (OWNER, BUYER, PEAKING)}
    assert "reserved capacity would save 5.17 USD a month and a Database Savings Plan 0.00" in reasons[OWNER]
    assert reasons[BUYER] == "To buy nothing costs 232.98 USD a month more than the purchase that is advised."
    assert reasons[PEAKING] == (
        "Nothing is advised to be bought: 7 days of demand are needed of the tables, and 0 of 1 have them."
    )


def test_a_plan_is_weighed_by_the_rates_that_were_read(committed: SmallWarehouse) -> None:
    names = "quantity monthly_cost_without_usd monthly_savings_usd worst_case_usd hours_overbought_pct"
    # 0.225 an hour at list prices, 0.1845 under the plan: 0.184 is committed to, which covers 0.184 / 0.82.
    row = _option(committed, PLANNER, "savings_plan")
    assert _amounts(row, names) == (*_usd("0.184", "164.25", "29.4848780488", "134.32"), 0)
    assert row["break_even_utilization_pct"] == pytest.approx(82)
    # 600 writes and 2 reads are used in every hour: 0.3434288 under the plan, all of it 12 % off.
    row = _option(committed, BUYER, "savings_plan")
    assert (row["quantity"], row["is_recommended"]) == (Decimal("0.343"), False)
    assert float(row["monthly_savings_usd"]) == pytest.approx(0.343 * (1 / 0.88 - 1) * 730)
    # No rate of us-west-2 was read.
    row = _option(committed, SMALL, "savings_plan")
    assert (row["quantity"], row["monthly_savings_usd"], row["is_recommended"]) == (None, None, False)
    assert row["reason"].startswith("No rate of a Database Savings Plan is loaded for what is used")


def test_a_month_with_a_peak_comes_out_of_the_bill(committed: SmallWarehouse, exact_case: ExactCase) -> None:
    owned = {row["dimension"]: row for row in _rows(committed, "owned_commitments", PEAKING)}
    covered = {row["component"]: row for row in _rows(committed, "commitment_coverage", PEAKING)}
    [storage] = committed.query(
        f"""select storage_cost_usd from intermediate.int_plans__tables_priced
        where account_id = '{_account(PEAKING)}' and plan = 'as_is' and is_class_in_force"""
    )
    parts = [
        *(owned[dimension]["hourly_commitment_usd"] * _CASE_14_HOURS for dimension in ("write", "read")),
        *(covered[dimension]["uncovered_list_usd"] for dimension in ("write", "read")),
        storage["storage_cost_usd"],
    ]
    expected = [Decimal(part) for part in ("9.344", "1.825", "14.04", "0.936", "2.50")]
    exact_case(14, "write fee, read fee, writes, reads, storage", expected=expected, computed=parts)
    exact_case(14, "month", expected=Decimal("28.645"), computed=sum(parts))
    exact_case(14, "up front", expected=180, computed=sum(row["upfront_usd"] for row in owned.values()))


def test_the_statements_about_commitments_hold(committed: SmallWarehouse) -> None:
    assert committed.failures("path:models/intermediate/commitments path:models/marts/commitments") == []
