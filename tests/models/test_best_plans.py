"""The one plan of each table: mode, class and settings together, to the dollar, and why not another.

At 90 %, the cheapest safe target of a flat demand: 70 reads a second need 78 units (7.4022 USD, 9.1104 in
Standard-IA), and who writes nothing pays one write unit (0.4745 USD, 0.5913 in Standard-IA).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from billing import IA, OCTOBER, OCTOBER_HOURS, PER_MONTH, PROVISIONED, STANDARD, BilledTable, Line
from planted_tables import ACCOUNT, MINUTES, WINDOW_START, in_one_minute, plant, plant_index
from price_list import LIST_PRICES
from small_warehouse import AS_OF, MakeWarehouse, SmallWarehouse
from what_if_lines import CLASSES, PLANS, compared

from optima import what_if

MONEY = "+savings_summary +plan_cost_lines +plan_alternatives +fct_capacity_hourly +what_if_inputs"
# What depends on a threshold, on the way to these marts; the demand below it stays as it is.
JUDGED = " ".join(
    f"{first}+,+{mart}"
    for first in (
        "int_capacity__decisions_screened",
        "int_capacity__cuts_proposed",
        "int_billing__classes_judged",
    )
    for mart in ("savings_summary", "plan_cost_lines", "plan_alternatives", "fct_capacity_hourly")
)
DEARER = {key: str(Decimal(price) * Decimal("1.5")) for key, price in LIST_PRICES.items()}
WITHOUT_IA_REGION = "xx-east-9"
WITHOUT_IA = {key: price for key, price in LIST_PRICES.items() if not key.endswith(".ia")}
WRITES_FOR_10_USD = in_one_minute(16e6 * 336 / 730)
REPLICAS = ["eu-west-1", "us-east-1"]
ENDS_AT = datetime(2027, 10, 1)
ENDED_AT = datetime(2026, 10, 20)


def _reserved(units: int, table: str = "subject", ends_at: datetime = ENDS_AT) -> tuple[Line, Line]:
    """Return what a reservation covers of a table's reads in October at 0.00006 USD an hour, and its fee."""
    end = min(ends_at, AS_OF)
    unit_hours = units * (end - OCTOBER) / timedelta(hours=1)
    commitment = {"reservation_arn": "arn:aws:dynamodb:us-east-1:8:reserved-instances/r"}
    used = commitment | {"reservation_effective_cost": unit_hours * 0.00006}
    fee = commitment | {"reservation_end_at": ends_at, "resource_id": commitment["reservation_arn"]}
    return (
        Line("ReadCapacityUnit-Hrs", unit_hours, end=end, kind="DiscountedUsage", table=table, columns=used),
        Line("HeavyUsage:dynamodb.read", unit_hours, end=end, kind="RIFee", rate=0.000025, columns=fee),
    )


SEEN = PROVISIONED | {"read_capacity_units": 1000, "table_name": "seen"}
BILLED = {
    "reserved": BilledTable((Line("TimedStorage-ByteHrs", 1000), *_reserved(1000)), PROVISIONED),
    "planned": BilledTable(
        (
            Line("TimedStorage-ByteHrs", 1000),
            Line("WriteRequestUnits", 160e6 * PER_MONTH, kind="SavingsPlanCoveredUsage"),
        )
    ),
    "billed_alone": BilledTable(
        (Line("TimedStorage-ByteHrs", 400), Line("WriteRequestUnits", 160e6 * PER_MONTH))
    ),
    # Of these the demand is known too: of 1000 units 70 are used, and nobody else would use what is reserved.
    "reserved_and_seen": BilledTable(_reserved(1000, "seen"), SEEN),
    "reserved_by_half": BilledTable(
        (Line("ReadCapacityUnit-Hrs", 500 * OCTOBER_HOURS, table="seen"), *_reserved(500, "seen")), SEEN
    ),
    "reserved_until_october": BilledTable(
        (
            Line("ReadCapacityUnit-Hrs", 1000 * 288, start=ENDED_AT, table="seen"),
            *_reserved(1000, "seen", ENDED_AT),
        ),
        SEEN,
    ),
}


@pytest.fixture(scope="module")
def planned(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """One table for each way a plan may go; no free tier."""
    warehouse = make_warehouse()
    warehouse.price_list(has_free_tier=False)
    warehouse.price_list("eu-west-1", prices=DEARER, has_free_tier=False)
    warehouse.price_list(WITHOUT_IA_REGION, prices=WITHOUT_IA, has_free_tier=False)
    plant(warehouse, "class_alone", writes=WRITES_FOR_10_USD, size_gb=400)
    plant(warehouse, "mode_alone", reads=70.0)
    plant(warehouse, "both", reads=700.0, size_gb=1000)
    plant(warehouse, "second_under", reads=70.0, size_gb=78)
    plant(warehouse, "second_over", reads=70.0, size_gb=79)
    plant(warehouse, "half_empty", reads=200.0, units=(1000, 1))
    _plant_throttled_reads(warehouse)
    plant(warehouse, "indexed", reads=70.0)
    plant_index(warehouse, "indexed", "by_day", reads=70.0)
    plant(warehouse, "indexed_fixed", units=(100, 100))
    plant_index(warehouse, "indexed_fixed", "by_day", units=(50, 50))
    for region, size_gb in (("us-east-1", 400), ("eu-west-1", 10)):
        plant(
            warehouse,
            "everywhere",
            writes=WRITES_FOR_10_USD,
            size_gb=size_gb,
            region=region,
            replica_regions=REPLICAS,
        )
    changed_at = AS_OF - timedelta(days=10)
    plant(warehouse, "class_changed", reads=70.0, size_gb=400, table_class_updated_at=changed_at)
    plant(warehouse, "no_ia_price", reads=70.0, size_gb=400, region=WITHOUT_IA_REGION)
    plant(warehouse, "in_ia", reads=70.0, size_gb=10, table_class=IA)
    plant(warehouse, "never_seen", reads=np.nan, writes=np.nan)
    plant(warehouse, "large", reads=80_000.0, writes=20_000.0, size_gb=2048)
    rates = {"reads": np.full(MINUTES, 70.0), "writes": np.zeros(MINUTES)}
    for number, case in enumerate(BILLED.values()):
        account = case.put_into(warehouse, number)
        if case.table.get("table_name") == "seen":
            warehouse.minutes(account, "us-east-1", "seen", **rates, start=WINDOW_START)
    warehouse.build(MONEY)
    return warehouse


def _plant_throttled_reads(warehouse: SmallWarehouse) -> None:
    """Give a table writes to cut, and reads that were throttled and so must not be cut."""
    plant(warehouse, "throttled_reads", reads=70.0, writes=1.0, units=(100, 1000))
    events = np.zeros(MINUTES)
    events[5] = 1
    warehouse.series(
        ACCOUNT, "us-east-1", "throttled_reads", "ReadThrottleEvents", events, start=WINDOW_START
    )


def _where(table: str, region: str) -> str:
    if table in BILLED:
        name = BILLED[table].table.get("table_name", "subject")
        return f"table_name = '{name}' and account_id like '%{list(BILLED).index(table):011d}'"
    return f"table_name = '{table}' and region = '{region}'"


def plan_of(warehouse: SmallWarehouse, table: str, region: str = "us-east-1") -> Mapping[str, Any]:
    [row] = warehouse.query(f"select * from marts.best_plans where {_where(table, region)}")
    assert row["monthly_savings_usd"] == (
        (row["current_monthly_cost_usd"] or 0) - (row["projected_monthly_cost_usd"] or 0)
    )
    return row


def chosen(row: Mapping[str, Any]) -> tuple[str, str, int, Decimal]:
    """Return plan, class, number of changes and saving."""
    assert (row["advice"] == "change") == (row["changes"] > 0) == (row["keep_reason"] is None)
    return row["plan"], row["recommended_table_class"], row["changes"], row["monthly_savings_usd"]


def costs(row: Mapping[str, Any]) -> tuple[Decimal | None, ...]:
    """Return storage and throughput today, then as planned."""
    return tuple(
        row[f"{when}_{what}_cost_usd"]
        for when in ("current", "projected")
        for what in ("storage", "throughput")
    )


def alternatives(
    warehouse: SmallWarehouse, table: str, region: str = "us-east-1"
) -> dict[tuple[str, str], tuple[Decimal | None, str | None]]:
    """Return cost and guard of every alternative, by plan and class."""
    rows = warehouse.query(f"select * from marts.plan_alternatives where {_where(table, region)}")
    return {(row["plan"], row["table_class"]): (row["monthly_cost_usd"], row["guard"]) for row in rows}


def usd(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


def test_the_class_alone(planned: SmallWarehouse) -> None:
    row = plan_of(planned, "class_alone")
    assert chosen(row) == ("as_is", IA, 1, Decimal("57.52"))
    assert costs(row) == usd("100", "10", "40", "12.48")
    assert (row["storage_gb"], row["storage_source"]) == (Decimal(400), "reported size")
    assert json.loads(row["current_setting"]) == {"table_class": STANDARD, "billing_mode": "PAY_PER_REQUEST"}
    assert json.loads(row["recommended_setting"]) == {"table_class": IA, "billing_mode": "PAY_PER_REQUEST"}
    # A size that is only reported lags.
    assert row["confidence"] == "low"


def test_the_mode_alone_where_the_size_is_unknown(planned: SmallWarehouse) -> None:
    row = plan_of(planned, "mode_alone")
    assert chosen(row) == ("provisioned_autoscaled", STANDARD, 1, Decimal("15.1183"))
    assert costs(row) == (None, Decimal("22.995"), None, Decimal("7.8767"))
    assert row["storage_gb"] is row["storage_source"] is None
    assert json.loads(row["recommended_setting"]) == {
        "table_class": STANDARD,
        "billing_mode": "PROVISIONED",
        "read": {"min": 1, "max": 156, "target": 0.9},
        "write": {"min": 1, "max": 1, "target": 0.7},
    }
    assert alternatives(planned, "mode_alone") == {
        ("as_is", STANDARD): (Decimal("22.995"), None),
        ("as_is", IA): (Decimal("28.5138"), "unknown_size"),
        ("provisioned_autoscaled", STANDARD): (Decimal("7.8767"), None),
        ("provisioned_autoscaled", IA): (Decimal("9.7017"), "unknown_size"),
        ("provisioned_fixed", STANDARD): (Decimal("8.8257"), "autoscaled_preferred"),
        ("provisioned_fixed", IA): (Decimal("10.8697"), "unknown_size"),
    }


def test_both_changes_at_once(planned: SmallWarehouse) -> None:
    row = plan_of(planned, "both")
    # 778 units: 73.8322 USD in Standard, 90.8704 in Standard-IA.
    assert chosen(row) == ("provisioned_autoscaled", IA, 2, Decimal("288.4883"))
    assert costs(row) == usd("250", "229.95", "100", "91.4617")
    others = alternatives(planned, "both")
    assert others[("as_is", STANDARD)] == (Decimal("479.95"), None)
    assert others[("as_is", IA)] == (Decimal("385.138"), "dearer")
    assert others[("provisioned_autoscaled", STANDARD)] == (Decimal("324.3067"), "dearer")
    # 875 units and 1.
    assert others[("provisioned_fixed", STANDARD)] == (Decimal("333.512"), "autoscaled_preferred")
    assert others[("provisioned_fixed", IA)] == (Decimal("202.7913"), "autoscaled_preferred")
    assert [each["guard"] for each in json.loads(row["alternatives"])] == [
        "autoscaled_preferred",
        "dearer",
        "autoscaled_preferred",
        "dearer",
        None,
    ]


def test_a_second_change_must_be_worth_it_by_itself(planned: SmallWarehouse) -> None:
    # Standard-IA saves 0.15 a gigabyte and costs 1.825 more for the units.
    under, over = plan_of(planned, "second_under"), plan_of(planned, "second_over")
    assert chosen(under) == ("provisioned_autoscaled", STANDARD, 1, Decimal("15.1183"))
    assert alternatives(planned, "second_under")[("provisioned_autoscaled", IA)] == (
        Decimal("17.5017"),
        "class_saves_too_little",
    )
    assert chosen(over) == ("provisioned_autoscaled", IA, 2, Decimal("25.1433"))
    assert costs(over) == usd("19.75", "22.995", "7.9", "9.7017")


def test_autoscaling_is_preferred_to_a_cut(planned: SmallWarehouse) -> None:
    row = plan_of(planned, "half_empty")
    # 223 units against 250, which a cut would leave.
    assert chosen(row) == ("provisioned_autoscaled", STANDARD, 1, Decimal("73.7373"))
    others = alternatives(planned, "half_empty")
    assert others[("provisioned_fixed", STANDARD)] == (Decimal("24.1995"), "autoscaled_preferred")
    assert others[("on_demand", STANDARD)] == (Decimal("65.7"), "dearer")
    assert others[("as_is", STANDARD)] == (Decimal("95.3745"), None)


def test_fixed_capacity_is_cut_where_autoscaling_may_not_be(planned: SmallWarehouse) -> None:
    row = plan_of(planned, "throttled_reads")
    assert chosen(row) == ("provisioned_fixed", STANDARD, 1, Decimal("473.551"))
    assert json.loads(row["recommended_setting"]) == {
        "table_class": STANDARD,
        "billing_mode": "PROVISIONED",
        "read": {"units": 100},
        "write": {"units": 2},
    }
    others = alternatives(planned, "throttled_reads")
    assert others[("on_demand", STANDARD)] == (Decimal("24.6375"), "dearer")
    # 78 units, fewer than the 100 that were not enough, and 2.
    assert others[("provisioned_autoscaled", STANDARD)] == (Decimal("8.3512"), "throttled")


def test_indexes_are_planned_with_their_table(planned: SmallWarehouse) -> None:
    row = plan_of(planned, "indexed")
    assert chosen(row) == ("provisioned_autoscaled", STANDARD, 1, Decimal("30.2366"))
    policies = {
        "read": {"min": 1, "max": 156, "target": 0.9},
        "write": {"min": 1, "max": 1, "target": 0.7},
    }
    assert json.loads(row["recommended_setting"]) == {
        "table_class": STANDARD,
        "billing_mode": "PROVISIONED",
        **policies,
        "indexes": {"by_day": policies},
    }
    fixed = plan_of(planned, "indexed_fixed")
    # 150 units of each kind are idle.
    assert chosen(fixed) == ("on_demand", STANDARD, 1, Decimal("85.41"))
    # Down to a unit each, of table and index.
    others = alternatives(planned, "indexed_fixed")
    assert others[("provisioned_fixed", STANDARD)] == (Decimal("1.1388"), "dearer")


def test_replicas_share_the_plan_but_not_the_class(planned: SmallWarehouse) -> None:
    here, there = (plan_of(planned, "everywhere", region) for region in ("us-east-1", "eu-west-1"))
    assert costs(here) == usd("100", "10", "40", "12.48")
    assert costs(there) == usd("3.75", "15", "3.75", "15")
    assert (here["plan"], here["recommended_table_class"]) == ("as_is", IA)
    assert (there["plan"], there["recommended_table_class"]) == ("as_is", STANDARD)
    assert (here["monthly_savings_usd"], there["monthly_savings_usd"]) == usd("57.52", "0")
    assert here["decision_savings_usd"] == there["decision_savings_usd"] == Decimal("57.52")
    assert here["decision_key"] == there["decision_key"]
    # 1.5 × (1.00 + 12.48).
    assert alternatives(planned, "everywhere", "eu-west-1")[("as_is", IA)] == (
        Decimal("20.22"),
        "costs_more",
    )
    assert alternatives(planned, "everywhere")[("provisioned_fixed", STANDARD)][1] == "fixed_not_allowed"


def test_a_class_that_changed_stays_and_the_mode_may_change(planned: SmallWarehouse) -> None:
    row = plan_of(planned, "class_changed")
    assert chosen(row) == ("provisioned_autoscaled", STANDARD, 1, Decimal("15.1183"))
    others = alternatives(planned, "class_changed")
    assert others[("as_is", IA)] == (Decimal("68.5138"), "class_changed_recently")
    assert others[("provisioned_autoscaled", IA)] == (Decimal("49.7017"), "class_changed_recently")


def test_a_price_that_is_missing_in_the_other_class_forbids_only_that(planned: SmallWarehouse) -> None:
    row = plan_of(planned, "no_ia_price", WITHOUT_IA_REGION)
    assert chosen(row) == ("provisioned_autoscaled", STANDARD, 1, Decimal("15.1183"))
    others = alternatives(planned, "no_ia_price", WITHOUT_IA_REGION)
    assert {others[(plan, IA)] for plan in ("as_is", "provisioned_autoscaled", "provisioned_fixed")} == {
        (None, "no_price")
    }


def test_a_table_in_standard_ia_may_leave_it(planned: SmallWarehouse) -> None:
    # 10 GB: 28.5138 + 1.00 today; 78 units in Standard-IA 9.7017 + 1.00, in Standard 7.8767 + 2.50.
    row = plan_of(planned, "in_ia")
    assert chosen(row) == ("provisioned_autoscaled", IA, 1, Decimal("18.8121"))
    assert alternatives(planned, "in_ia")[("provisioned_autoscaled", STANDARD)] == (
        Decimal("10.3767"),
        "class_saves_too_little",
    )


def test_a_plan_rests_on_the_bill_where_nothing_else_is_known(planned: SmallWarehouse) -> None:
    row = plan_of(planned, "billed_alone")
    assert chosen(row) == ("as_is", IA, 1, Decimal("35.2"))
    assert costs(row) == usd("100", "100", "40", "124.8")
    assert row["storage_source"] == "billing export"
    lines = planned.query(
        f"""select component, unit, monthly_quantity, cost_usd from marts.plan_cost_lines
        where {_where("billed_alone", "us-east-1")} and plan = 'as_is' and table_class = 'STANDARD'
        order by component"""
    )
    assert [tuple(line.values()) for line in lines] == [
        ("storage", "GB-months", Decimal(400), Decimal(100)),
        ("write", "request units", Decimal(160_000_000), Decimal(100)),
    ]
    # What was never measured is not guessed at: neither on-demand units nor capacity for them.
    others = alternatives(planned, "billed_alone")
    assert others[("provisioned_fixed", STANDARD)] == (None, "too_little_history")
    assert others[("provisioned_autoscaled", STANDARD)] == (None, "too_little_history")


def test_nothing_is_said_of_what_nobody_measured(planned: SmallWarehouse) -> None:
    row = plan_of(planned, "never_seen")
    assert chosen(row) == ("as_is", STANDARD, 0, 0)
    assert row["current_monthly_cost_usd"] is row["projected_monthly_cost_usd"] is None
    assert row["keep_reason"] == "too_little_history"
    assert {cost for cost, _guard in alternatives(planned, "never_seen").values()} == {None}


def saved_and_stranded(warehouse: SmallWarehouse, table: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Return what each kind saves of a table, and what that leaves without use, which the reason says."""
    rows = warehouse.query(f"select * from marts.recommendations where {_where(table, 'us-east-1')}")
    for row in rows:
        stranded = row["stranded_commitment_usd"]
        said = f"; {stranded:.2f} USD a month of owned commitments would be left without use until 2027-10-01"
        assert ("left without use" in row["reason"]) == (said in row["reason"]) == (stranded > 0)
    return {row["kind"]: (row["monthly_savings_usd"], row["stranded_commitment_usd"]) for row in rows}


def test_reserved_capacity_is_sunk(planned: SmallWarehouse) -> None:
    row = plan_of(planned, "reserved")
    assert chosen(row) == ("as_is", IA, 1, Decimal("33.2"))
    assert costs(row) == usd("250", "0", "100", "116.8")
    # Standard-IA has no reserved capacity: 730,000 unit-hours at 0.00006 USD are paid for nothing then.
    found = saved_and_stranded(planned, "reserved")
    assert found["best_plan"] == found["table_class"] == usd("33.2", "43.8")
    # 70 of 1000 reads are used: to cut them, or to pay for requests, saves nothing that is not paid already.
    seen = plan_of(planned, "reserved_and_seen")
    assert chosen(seen) == ("as_is", STANDARD, 0, 0)
    assert seen["current_throughput_cost_usd"] == Decimal("0.4745")
    assert set(saved_and_stranded(planned, "reserved_and_seen").values()) == {usd("0", "0")}
    others = alternatives(planned, "reserved_and_seen")
    assert others[("on_demand", STANDARD)] == (Decimal("22.995"), "costs_more")
    [line] = planned.query(
        f"""select monthly_quantity, sunk_quantity, paid_quantity, cost_usd from marts.plan_cost_lines
        where {_where("reserved_and_seen", "us-east-1")} and plan = 'as_is' and component = 'read'
        and table_class = 'STANDARD'"""
    )
    assert tuple(line.values()) == usd("730000", "730000", "0", "0")


def test_what_goes_below_reserved_capacity_saves_what_is_paid_beside_it(planned: SmallWarehouse) -> None:
    # 500 units are paid, 47.45 USD; of 500 that are reserved 78 stay in use when autoscaled, 88 when fixed.
    found = saved_and_stranded(planned, "reserved_by_half")
    assert found["best_plan"] == found["capacity_mode"] == usd("47.45", "18.4836")
    assert found["utilization"] == usd("47.45", "18.0456")
    assert found["table_class"] == usd("0", "0")


@pytest.mark.parametrize("table", ["reserved_and_seen", "reserved_by_half", "indexed_fixed", "no_ia_price"])
def test_what_if_counts_what_is_owned_as_the_plans_do(planned: SmallWarehouse, table: str) -> None:
    region = WITHOUT_IA_REGION if table == "no_ia_price" else "us-east-1"
    with planned.connection() as connection:
        connection.execute("set schema = 'marts'")
        [key] = connection.execute(
            f"select account_id, region, table_name from best_plans where {_where(table, region)}"
        ).fetchall()
        read = what_if.read_table(connection, *key)
        rows = connection.execute(
            """select resource_name, day, reads, writes from intermediate.int_demand__days_arrayed
            where account_id = ? and region = ? and split_part(resource_name, '#', 1) = ?""",
            key,
        ).to_arrow_table()
        minutes = what_if.minutes_of(read, [rows])
        lines = {
            plan: sum(compared(connection, minutes, plan, each, "list") for each in CLASSES) for plan in PLANS
        }
    assert lines["as_is"] > 0
    assert lines["provisioned_autoscaled"] + lines["provisioned_fixed"] > 0


def test_a_reservation_that_ended_is_not_sunk(planned: SmallWarehouse) -> None:
    seen = plan_of(planned, "reserved_until_october")
    assert chosen(seen) == ("provisioned_autoscaled", STANDARD, 1, Decimal("87.4978"))
    assert seen["current_throughput_cost_usd"] == Decimal("95.3745")
    assert saved_and_stranded(planned, "reserved_until_october") == {
        "best_plan": usd("87.4978", "0"),
        "capacity_mode": usd("87.4978", "0"),
        "utilization": usd("86.5488", "0"),
        "table_class": usd("0", "0"),
    }
    others = alternatives(planned, "reserved_until_october")
    assert others[("on_demand", STANDARD)] == (Decimal("22.995"), "dearer")


def test_what_a_savings_plan_covers_is_sunk(planned: SmallWarehouse) -> None:
    row = plan_of(planned, "planned")
    assert chosen(row) == ("as_is", IA, 1, Decimal("25.2"))
    assert costs(row) == usd("250", "0", "100", "124.8")


def test_the_statements_about_plans_hold(planned: SmallWarehouse) -> None:
    assert planned.failures("path:tests/data/plans path:tests/data/advice") == []
    assert planned.failures("best_plans plan_alternatives plan_cost_lines") == []


def test_the_summary_adds_up_the_plans_and_nothing_else(planned: SmallWarehouse) -> None:
    [row] = planned.query(
        """select sum(monthly_savings_usd) as savings_usd, max(total_label) as label
        from marts.savings_summary where kind = 'best_plan' and region = 'us-east-1'
        and account_id = '012345678901'"""
    )
    [listed] = planned.query(
        """select sum(monthly_savings_usd) as savings_usd from marts.best_plans
        where region = 'us-east-1' and account_id = '012345678901' and table_name <> 'large'"""
    )
    by_hand = usd(
        "57.52", "15.1183", "288.4883", "15.1183", "25.1433", "73.7373", "473.551", "30.2366", "85.41",
        "57.52", "15.1183", "18.8121",
    )  # fmt: skip
    assert listed["savings_usd"] == sum(by_hand)
    large = plan_of(planned, "large")["monthly_savings_usd"]
    assert (row["savings_usd"], row["label"]) == (sum(by_hand) + large, "sum of best plans")
    [others] = planned.query(
        "select count(*) as n from marts.savings_summary"
        " where (kind <> 'best_plan') <> (total_label = 'if only this were applied')"
    )
    assert others["n"] == 0


AUTOSCALED_IN_IA = ("provisioned_autoscaled", IA, 2, Decimal("24.9933"))


def contents(warehouse: SmallWarehouse) -> dict[str, list[dict[str, Any]]]:
    return {
        mart: warehouse.query(f"select * from marts.{mart} order by {key}")
        for mart, key in {
            "recommendations": "recommendation_id",
            "plan_alternatives": "plan_alternative_key",
            "plan_cost_lines": "plan_cost_line_key",
            "savings_summary": "savings_summary_key",
        }.items()
    }


def test_another_least_saving_and_building_again(planned: SmallWarehouse) -> None:
    before = contents(planned)
    for min_savings, second_under, idle_cut, class_changed in (
        # Each change counts from what it must save; 9.875 is what the class of `second_under` saves.
        (0, AUTOSCALED_IN_IA, (Decimal("1.1388"), "dearer"), None),
        (9.875, AUTOSCALED_IN_IA, (Decimal("1.1388"), "dearer"), None),
        # Then no cut is worth it, and fixed capacity is what it is today.
        (100, ("as_is", STANDARD, 0, Decimal(0)), None, "below_min_savings"),
    ):
        planned.build(JUDGED, min_savings=min_savings)
        assert chosen(plan_of(planned, "second_under")) == second_under
        assert chosen(plan_of(planned, "both"))[:2] == ("provisioned_autoscaled", IA)
        assert alternatives(planned, "indexed_fixed").get(("provisioned_fixed", STANDARD)) == idle_cut
        assert plan_of(planned, "class_changed")["keep_reason"] == class_changed
        assert planned.failures("path:tests/data/plans", min_savings=min_savings) == []
    planned.build(MONEY)
    assert contents(planned) == before
