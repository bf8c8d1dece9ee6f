"""The exact cases of the definition of money, from raw rows to dollars; each was worked out by hand.

Case 14 is in test_reservations.py, case 30 in test_window_cost.py, case 31 in test_price_basis.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from billing import IA, OCTOBER_HOURS, PER_MONTH, PROVISIONED, BilledTable, Line
from exact_cases import ExactCase
from planted_tables import (
    ACCOUNT,
    CREATED_AT,
    MINUTES,
    WINDOW_START,
    in_one_minute,
    plant,
    plant_index,
    with_mean_and_peak,
)
from price_list import LIST_PRICES
from small_warehouse import AS_OF, MakeWarehouse, SmallWarehouse

from optima.simulation import Policy, simulate

MONEY = "+savings_summary +plan_cost_lines +plan_alternatives"
FREE_TIER_REGION = "us-west-2"
# A made-up list, half as dear again, so that a price taken from the wrong region shows.
DEARER = {key: str(Decimal(price) * Decimal("1.5")) for key, price in LIST_PRICES.items()}
# Requests of `two_steps` cost 100 USD read and 10 written, its unit-hours 10 and 70.
OPPOSED_REGION = "sa-east-1"
OPPOSED = LIST_PRICES | {
    "ondemand.read.standard": "0.00003125",
    "ondemand.write.standard": "0.000003125",
    "provisioned.read.standard": "0.01",
    "provisioned.write.standard": "0.07",
}
STORAGE = "TimedStorage-ByteHrs"
WRITES_FOR_100_USD = Line("WriteRequestUnits", 160e6 * PER_MONTH)
BILLED = {
    3: BilledTable((Line(STORAGE, 400), WRITES_FOR_100_USD)),
    103: BilledTable(
        (Line(STORAGE, 400), Line("ReadCapacityUnit-Hrs", 100 / 0.00013 * PER_MONTH)), PROVISIONED
    ),
    4: BilledTable(
        (Line("IA-TimedStorage-ByteHrs", 100), Line("IA-WriteRequestUnits", 160e6 * PER_MONTH)),
        {"table_class": IA},
    ),
    5: BilledTable(
        (
            Line(STORAGE, 1000),
            Line("ReadCapacityUnit-Hrs", 100 * OCTOBER_HOURS, columns={"operation": "CommittedThroughput"}),
        ),
        PROVISIONED,
    ),
    20: BilledTable(
        (Line(STORAGE, 1000), Line("ReadCapacityUnit-Hrs", 1000 * OCTOBER_HOURS, kind="DiscountedUsage")),
        PROVISIONED,
    ),
    21: BilledTable((Line(STORAGE, 120), WRITES_FOR_100_USD)),
    29: BilledTable(
        (Line(STORAGE, 400), WRITES_FOR_100_USD), {"table_class_updated_at": AS_OF - timedelta(days=10)}
    ),
}


def of_a_month(units: float) -> np.ndarray:
    """Rates of a demand of so many units a month, all in one minute of the window."""
    return in_one_minute(units * 336 / 730)


def two_steps() -> np.ndarray:
    """Rates of 3.2 million units a month, in a window whose known minutes divide its hours evenly.

    20,148 minutes are known. The first 7,434 want 2 units at 90 %, and keep them for 15 minutes of a run and
    3 of delay; the rest want 1: (2 × 7,452 + 12,696) / 60 × 43,800 / 20,148 are 1,000 unit-hours a month.
    """
    per_minute = np.full(MINUTES, np.nan)
    known = per_minute[12:]
    known[:7434] = 108
    known[7434:] = 54
    # Down to 1,472,000 units in all: × 43,800 / 20,148 are 3.2 million.
    surplus = int(known.sum()) - 1_472_000
    known[7434 : 7434 + surplus // 2] -= 2
    known[-1] -= surplus % 2
    return per_minute / 60


def daily_wave() -> np.ndarray:
    """Between 10 and 190 units per second, once a day."""
    return 100 + 90 * np.sin(2 * np.pi * np.arange(MINUTES) / 1440)


def morning_rise() -> np.ndarray:
    """1 a second; from 06:00 a straight rise to 700 at 10:00, held until 12:00, then 1 again, every day."""
    minute = np.arange(MINUTES) % 1440
    rising = 1 + 699 * (minute - 360) / 240
    return np.where(minute < 360, 1.0, np.where(minute < 600, rising, np.where(minute < 720, 700.0, 1.0)))


def stairs(*steps: tuple[float, int]) -> np.ndarray:
    """Rates, each for its minutes; the last one to the end of the window."""
    rates = np.concatenate([np.full(minutes, rate) for rate, minutes in steps])
    return np.pad(rates, (0, MINUTES - rates.size), mode="edge")


@pytest.fixture(scope="module")
def organisation(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """Every table of the cases that need no setting of their own; no free tier but in one region."""
    warehouse = make_warehouse()
    warehouse.price_list(has_free_tier=False)
    warehouse.price_list("eu-west-1", prices=DEARER, has_free_tier=False)
    warehouse.price_list(FREE_TIER_REGION)
    warehouse.price_list(OPPOSED_REGION, prices=OPPOSED, has_free_tier=False)
    for number, case in BILLED.items():
        case.put_into(warehouse, number)
    _plant_provisioned(warehouse)
    _plant_on_demand(warehouse)
    _plant_opposed(warehouse)
    warehouse.build(MONEY)
    return warehouse


def _plant_provisioned(warehouse: SmallWarehouse) -> None:
    plant(warehouse, "peak_950", reads=with_mean_and_peak(250, 950), units=(1000, 1))
    plant(warehouse, "peak_700", reads=with_mean_and_peak(250, 700), units=(1000, 1))
    plant(warehouse, "far_too_large", reads=with_mean_and_peak(200, 250), writes=46.0, units=(10_000, 100))
    plant(warehouse, "idle", units=(100, 100))
    plant(warehouse, "twenty_and_thirty", reads=15.0, writes=10.0, units=(30, 20))
    plant(warehouse, "seventy_odd", reads=38.0, writes=38.5, units=(76, 77))
    for region in ("us-east-1", "eu-west-1"):
        plant(warehouse, "same_name", reads=35.0, units=(50, 1), region=region)
    _plant_cut_table(warehouse)
    plant(warehouse, "alone", units=(25, 25), account_id="000000000001", region=FREE_TIER_REGION)
    for name in ("one", "other"):
        plant(
            warehouse,
            name,
            reads=10.0,
            units=(20, 1),
            account_id="000000000002",
            region=FREE_TIER_REGION,
        )
    at_80 = {"read": (1, 100, 80.0), "write": (1, 10, 80.0)}
    plant(warehouse, "not_below", reads=stairs((16, 30), (12, 1)), units=(20, 1), policies=at_80)
    plant(warehouse, "just_below", reads=stairs((16, 30), (11.99, 1)), units=(20, 1), policies=at_80)
    plant(
        warehouse,
        "last_decrease",
        reads=stairs((70, 15), (28, 18), (11, 18), (4, 1)),
        writes=stairs((70, 33), (28, 18), (4, 1)),
        units=(6, 6),
        policies={"read": (1, 1000, 70.0), "write": (1, 1000, 70.0)},
    )


def _plant_cut_table(warehouse: SmallWarehouse) -> None:
    """Cut a table from 1000 to 100 read units five days before the build."""
    cut_at = AS_OF - timedelta(days=5)
    common = {
        "account_id": ACCOUNT,
        "region": "us-east-1",
        "table_name": "cut",
        "billing_mode": "PROVISIONED",
        "table_class": "STANDARD",
        "write_capacity_units": 1,
        "created_at": CREATED_AT,
    }
    warehouse.rows(
        "raw_dynamodb.table_metadata",
        [
            {**common, "read_capacity_units": 1000, "valid_from": CREATED_AT, "valid_to": cut_at},
            {**common, "read_capacity_units": 100, "valid_from": cut_at},
        ],
    )
    series = (ACCOUNT, "us-east-1", "cut")
    warehouse.minutes(*series, reads=np.full(MINUTES, 60.0), writes=np.zeros(MINUTES), start=WINDOW_START)
    warehouse.series(
        *series,
        "ProvisionedReadCapacityUnits",
        np.where(np.arange(MINUTES // 5) < 9 * 288, 1000.0, 100.0),
        start=WINDOW_START,
        period_seconds=300,
        statistic="Average",
    )


def _plant_on_demand(warehouse: SmallWarehouse) -> None:
    plant(warehouse, "indexed", writes=of_a_month(1e6))
    for index in ("by_day", "by_name", "by_owner"):
        plant_index(warehouse, "indexed", index, writes=of_a_month(1e6))
    rarely = np.where(np.arange(MINUTES) % 336 == 0, 1.0, 0.0)
    plant(warehouse, "with_rare_writes", reads=100.0, writes=rarely)
    plant(warehouse, "without_writes", reads=100.0)
    # Eventually consistent reads of 1 KB are half a unit each.
    plant(warehouse, "small_fry", writes=of_a_month(10e6), reads=of_a_month(5e6), size_gb=10)
    plant(warehouse, "very_large", reads=80_000.0, writes=20_000.0, size_gb=2048)
    plant(warehouse, "late_index", reads=100.0)
    day_8 = WINDOW_START + timedelta(days=8)
    plant_index(warehouse, "late_index", "late", writes=10.0, seen_from=day_8, starts_at=day_8)
    plant(warehouse, "three_hours", reads=100.0, starts_at=AS_OF - timedelta(hours=3))
    regions = ["eu-west-1", "us-east-1"]
    plant(warehouse, "everywhere", reads=400.0, replica_regions=regions)
    plant(warehouse, "everywhere", region="eu-west-1", replica_regions=regions)


def _plant_opposed(warehouse: SmallWarehouse) -> None:
    """Reads that are cheaper provisioned and writes that are cheaper on-demand, in both modes."""
    steps = two_steps()
    plant(warehouse, "opposed_on_demand", reads=steps, writes=steps, region=OPPOSED_REGION)
    # On average 1,000 unit-hours a month were provisioned.
    plant(
        warehouse,
        "opposed_provisioned",
        reads=steps,
        writes=steps,
        region=OPPOSED_REGION,
        units=(1, 1),
        policies={"read": (1, 4, 90.0), "write": (1, 4, 90.0)},
        provisioned=(1000 / 730, 1000 / 730),
    )


def _row(
    warehouse: SmallWarehouse, mart: str, table: str, region: str = "us-east-1", account: str = ""
) -> Mapping[str, Any]:
    [row] = warehouse.query(
        f"""select * from marts.{mart} where table_name = '{table}' and region = '{region}'
        and index_name is null and account_id like '%{account}'"""
    )
    return row


def _plan(warehouse: SmallWarehouse, table: str, region: str = "us-east-1") -> Mapping[str, Any]:
    return _row(warehouse, "best_plans", table, region)


def _mode(warehouse: SmallWarehouse, table: str, region: str = "us-east-1") -> Mapping[str, Any]:
    return _row(warehouse, "capacity_mode_recommendations", table, region)


def _cut(warehouse: SmallWarehouse, table: str, region: str = "us-east-1") -> Mapping[str, Any]:
    return _row(warehouse, "utilization_recommendations", table, region)


def _billed(warehouse: SmallWarehouse, mart: str, number: int) -> Mapping[str, Any]:
    return _row(warehouse, mart, "subject", account=f"{number:011d}")


def _alternative(
    warehouse: SmallWarehouse, table: str, plan: str, region: str = "us-east-1"
) -> Mapping[str, Any]:
    [row] = warehouse.query(
        f"""select * from marts.plan_alternatives where table_name = '{table}' and region = '{region}'
        and plan = '{plan}' and table_class = 'STANDARD'"""
    )
    return row


def _line_cost(
    warehouse: SmallWarehouse, table: str, component: str, region: str = "us-east-1", plan: str = "as_is"
) -> Decimal:
    [row] = warehouse.query(
        f"""select sum(cost_usd) as cost_usd from marts.plan_cost_lines where table_name = '{table}'
        and region = '{region}' and plan = '{plan}' and table_class = 'STANDARD'
        and component = '{component}'"""
    )
    return row["cost_usd"]


def _simulated_as_is(warehouse: SmallWarehouse, table: str) -> Mapping[str, Any]:
    [row] = warehouse.query(
        f"""select simulated.* from intermediate.int_capacity__simulated as simulated
        inner join intermediate.int_inventory__resources as resources using (resource_key)
        where resources.table_name = '{table}' and simulated.setting_id = 'own'"""
    )
    return row


def _saves(row: Mapping[str, Any]) -> Decimal:
    """Return what a row saves; the advice must be to change if and only if that is not 0."""
    assert (row["advice"] == "change") == (row["monthly_savings_usd"] > 0)
    return row["monthly_savings_usd"]


# ---- A target of 70 % ----


@pytest.fixture(scope="module")
def at_70(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """The cases whose policies have a target of 70 %."""
    warehouse = make_warehouse()
    warehouse.price_list(has_free_tier=False)
    plant(warehouse, "flat", reads=70.0)
    plant(warehouse, "flat_and_coarse", reads=70.0)
    coarse = np.full(MINUTES // 5, 70.0 * 300)
    for metric, values in (("ConsumedReadCapacityUnits", coarse), ("ConsumedWriteCapacityUnits", 0 * coarse)):
        warehouse.series(
            ACCOUNT, "us-east-1", "flat_and_coarse", metric, values, start=WINDOW_START, period_seconds=300
        )
    plant(
        warehouse,
        "autoscaled",
        reads=daily_wave(),
        units=(240, 1),
        policies={"read": (1, 800, 70.0), "write": (1, 10, 70.0)},
    )
    plant(warehouse, "morning_rise", writes=morning_rise())
    warehouse.build(MONEY, target_utilization=0.7)
    return warehouse


@pytest.mark.parametrize(("number", "table"), [(1, "flat"), (2, "flat_and_coarse")])
def test_flat_reads(at_70: SmallWarehouse, exact_case: ExactCase, number: int, table: str) -> None:
    mode, plan = _mode(at_70, table), _plan(at_70, table)
    on_demand, provisioned, saving = Decimal("22.995"), Decimal("9.9645"), Decimal("13.0305")
    exact_case(number, "on-demand", expected=on_demand, computed=mode["current_monthly_cost_usd"])
    exact_case(number, "provisioned", expected=provisioned, computed=mode["projected_monthly_cost_usd"])
    exact_case(number, "provisioned reads", expected=Decimal("9.49"), computed=_line_cost(
        at_70, table, "read", plan="provisioned_autoscaled"))  # fmt: skip
    exact_case(number, "saves", expected=saving, computed=_saves(mode))
    exact_case(number, "best plan saves", expected=saving, computed=_saves(plan))
    assert (plan["current_monthly_cost_usd"], plan["projected_monthly_cost_usd"]) == (on_demand, provisioned)
    assert mode["annual_savings_usd"] == Decimal("156.366")
    assert mode["break_even_utilization"] == pytest.approx(0.2889, abs=1e-4)
    assert json.loads(mode["recommended_setting"]) == {
        "billing_mode": "PROVISIONED",
        "read": {"min": 1, "max": 200, "target": 0.7},
        "write": {"min": 1, "max": 1, "target": 0.7},
    }
    units = at_70.query(
        f"""select least_units, greatest_units from marts.plan_cost_lines where table_name = '{table}'
        and plan = 'provisioned_autoscaled' and table_class = 'STANDARD' order by component"""
    )
    found = [(row["least_units"], row["greatest_units"]) for row in units if row["least_units"]]
    exact_case(
        number, "least and greatest P of reads and writes", expected=[(100, 100), (1, 1)], computed=found
    )
    fixed = _alternative(at_70, table, "provisioned_fixed")
    exact_case(number, "fixed 88 + 1 costs", expected=Decimal("8.8257"), computed=fixed["monthly_cost_usd"])
    # 1.1388 USD more are not worth doing without autoscaling.
    assert fixed["guard"] == "autoscaled_preferred"


def test_the_policy_in_force_saves_nothing_over_itself(at_70: SmallWarehouse, exact_case: ExactCase) -> None:
    mode, plan = _mode(at_70, "autoscaled"), _plan(at_70, "autoscaled")
    # 240 units were provisioned on average, whatever the simulation thinks of it.
    current = Decimal("23.2505")
    assert mode["current_monthly_cost_usd"] == mode["provisioned_monthly_cost_usd"] == current
    exact_case(24, "mode saves", expected=0, computed=_saves(mode))
    exact_case(24, "best plan saves", expected=0, computed=_saves(plan))
    exact_case(24, "utilisation saves", expected=0, computed=_saves(_cut(at_70, "autoscaled")))
    # 238 fixed units would cost 0.1898 less.
    assert (mode["keep_reason"], plan["keep_reason"]) == ("already_best", "below_min_savings")
    alternative = _alternative(at_70, "autoscaled", "provisioned_autoscaled")
    assert alternative["monthly_cost_usd"] == current


def test_a_minimum_that_throttles_is_refused_for_the_next_that_does_not(
    at_70: SmallWarehouse, exact_case: ExactCase
) -> None:
    def throttled_a_day(minimum: int, burst_seconds: int) -> float:
        policy = Policy(target=0.7, min_capacity=minimum, max_capacity=2000)
        result = simulate(
            np.zeros(MINUTES), morning_rise(), start=WINDOW_START, write=policy, burst_seconds=burst_seconds
        )
        return result.write.throttled_minutes / 14

    exact_case(25, "throttled a day, min 1, B 300", expected=14, computed=throttled_a_day(1, 300))
    exact_case(25, "throttled a day, min 16, B 60", expected=9, computed=throttled_a_day(16, 60))
    exact_case(25, "throttled a day, min 32, B 60", expected=1, computed=throttled_a_day(32, 60))
    # The maximum is twice 700 at 70 %.
    expected = {"min": 32, "max": 2000, "target": 0.7}
    setting = json.loads(_mode(at_70, "morning_rise")["recommended_setting"])
    exact_case(25, "write policy found", expected=expected, computed=setting["write"])
    assert json.loads(_plan(at_70, "morning_rise")["recommended_setting"])["write"] == expected


# ---- Table class, by the bill ----


CLASS_CASES = {
    # Storage and throughput today, in the other class, and why it is kept where it is.
    3: ("100", "100", "40", "124.8", None),
    4: ("10", "124.8", "25", "100", "below_min_savings"),
    5: ("250", "9.49", "100", "11.68", None),
    20: ("250", "0", "100", "116.8", None),
}


@pytest.mark.parametrize("number", CLASS_CASES)
def test_table_class_by_the_bill(organisation: SmallWarehouse, exact_case: ExactCase, number: int) -> None:
    *amounts, keep_reason = CLASS_CASES[number]
    storage, throughput, other_storage, other_throughput = map(Decimal, amounts)
    plan = _billed(organisation, "best_plans", number)
    advice = _billed(organisation, "table_class_recommendations", number)
    today = [plan["current_storage_cost_usd"], plan["current_throughput_cost_usd"]]
    exact_case(number, "storage and throughput today", expected=[storage, throughput], computed=today)
    [other] = organisation.query(
        f"""select storage_cost_usd, throughput_cost_usd, monthly_cost_usd, guard
        from marts.plan_alternatives
        where account_id = '{plan["account_id"]}' and plan = 'as_is' and not is_current"""
    )
    exact_case(
        number,
        "in the other class",
        expected=[other_storage, other_throughput],
        computed=[other["storage_cost_usd"], other["throughput_cost_usd"]],
    )
    saving = storage + throughput - other_storage - other_throughput
    shown = "would save" if keep_reason else "saves"
    found = plan["current_monthly_cost_usd"] - other["monthly_cost_usd"]
    exact_case(number, shown, expected=saving, computed=found)
    for row in (plan, advice):
        assert _saves(row) == (0 if keep_reason else saving)
    assert advice["keep_reason"] == other["guard"] == keep_reason


def test_reads_of_100_dollars(organisation: SmallWarehouse, exact_case: ExactCase) -> None:
    plan = _billed(organisation, "best_plans", 103)
    # 100 USD are no whole number of unit-hours: the sixth decimal of 769,230.769231 moves 3e-11 USD.
    assert plan["current_throughput_cost_usd"] == Decimal("100")
    exact_case(
        3,
        "provisioned reads in Standard-IA",
        expected=[Decimal("40"), Decimal("123.0769230770")],
        computed=[plan["projected_storage_cost_usd"], plan["projected_throughput_cost_usd"]],
    )
    exact_case(3, "which saves", expected=Decimal("36.9230769230"), computed=_saves(plan))


def test_the_gate_of_a_ratio_advises_nothing_by_itself(
    organisation: SmallWarehouse, exact_case: ExactCase
) -> None:
    # What hangs on the class, of what is built at all.
    marts = ("best_plans", "plan_alternatives", "table_class_recommendations")
    judged = " ".join(f"int_billing__classes_judged+,+{mart}" for mart in marts)
    organisation.build(judged, breakeven_ratio=0.2)
    try:
        plan = _billed(organisation, "best_plans", 21)
        advice = _billed(organisation, "table_class_recommendations", 21)
        others = organisation.query("select * from marts.plan_alternatives where not is_current")
    finally:
        organisation.build(judged)
    [other] = [row for row in others if row["account_id"] == plan["account_id"] and row["plan"] == "as_is"]
    exact_case(21, "Standard", expected=Decimal("130"), computed=plan["current_monthly_cost_usd"])
    exact_case(21, "Standard-IA", expected=Decimal("136.8"), computed=other["monthly_cost_usd"])
    exact_case(21, "saves", expected=0, computed=_saves(plan))
    assert (other["guard"], advice["keep_reason"]) == ("costs_more", "already_best")


def test_a_class_that_changed_is_kept_for_a_while(
    organisation: SmallWarehouse, exact_case: ExactCase
) -> None:
    plan = _billed(organisation, "best_plans", 29)
    advice = _billed(organisation, "table_class_recommendations", 29)
    exact_case(29, "saves", expected=[0, 0], computed=[_saves(plan), _saves(advice)])
    assert plan["keep_reason"] == advice["keep_reason"] == "class_changed_recently"
    said = "changed on 2026-10-22" in plan["reason"], "changed on 2026-10-22" in advice["reason"]
    exact_case(29, "the date is said", expected=(True, True), computed=said)


@pytest.fixture(scope="module")
def february(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """Two bills of storage in February, and a week of demand whose newest three minutes are not in."""
    february, march = datetime(2026, 2, 1), datetime(2026, 3, 1)
    warehouse = make_warehouse()
    warehouse.price_list(has_free_tier=False, effective_at=datetime(2026, 1, 1))
    whole = Line(STORAGE, 1000, start=february, end=march)
    BilledTable((replace(whole, is_hourly=True),)).put_into(warehouse, 0)
    created = datetime(2026, 2, 15)
    part = Line(STORAGE, 500, start=created, end=march, is_hourly=True)
    BilledTable((part,), {"created_at": created}).put_into(warehouse, 1)
    plant(warehouse, "newest_missing", created_at=datetime(2025, 1, 1), starts_at=AS_OF)
    week = 7 * 1440 - 3
    warehouse.minutes(
        ACCOUNT,
        "us-east-1",
        "newest_missing",
        reads=np.full(week, 70.0),
        writes=np.zeros(week),
        start=march - timedelta(days=7),
    )
    warehouse.build(MONEY, as_of=march, days=7)
    return warehouse


def test_storage_of_a_month_and_of_its_second_half(february: SmallWarehouse, exact_case: ExactCase) -> None:
    for number, what in enumerate(("all February", "created on 15 February")):
        plan = _billed(february, "best_plans", number)
        exact_case(19, what, expected=Decimal("250"), computed=plan["current_storage_cost_usd"])
        assert plan["storage_gb"] == Decimal("1000")
        assert plan["storage_source"] == "billing export"


def test_a_week_without_its_newest_minutes_is_analysed(
    february: SmallWarehouse, exact_case: ExactCase
) -> None:
    # 70 / 0.9 are 78 units: 7.4022 and 0.4745 for a write unit, against 22.995 on-demand.
    for what, row in (
        ("mode", _mode(february, "newest_missing")),
        ("best plan", _plan(february, "newest_missing")),
    ):
        exact_case(
            22, f"7 days but 3 minutes: {what} saves", expected=Decimal("15.1183"), computed=_saves(row)
        )


# ---- Everything else ----


def test_fixed_capacity_is_cut_to_its_peak_only_where_that_is_less(
    organisation: SmallWarehouse, exact_case: ExactCase
) -> None:
    kept, cut = _cut(organisation, "peak_950"), _cut(organisation, "peak_700")
    exact_case(6, "peak 950 saves", expected=0, computed=_saves(kept))
    assert kept["keep_reason"] == "peak_needs_it"
    exact_case(6, "peak 700 saves", expected=Decimal("11.8625"), computed=_saves(cut))
    setting = json.loads(cut["recommended_setting"])
    exact_case(6, "to", expected={"read": {"units": 875}, "write": {"units": 1}}, computed=setting)
    plan = _alternative(organisation, "peak_700", "provisioned_fixed")
    assert plan["monthly_savings_usd"] == Decimal("11.8625")


def test_each_dimension_is_cut_by_itself(organisation: SmallWarehouse, exact_case: ExactCase) -> None:
    cut = _cut(organisation, "far_too_large")
    exact_case(7, "saves", expected=Decimal("919.2963"), computed=_saves(cut))
    setting = json.loads(cut["recommended_setting"])
    exact_case(7, "to", expected={"read": {"units": 313}, "write": {"units": 100}}, computed=setting)
    plan = _alternative(organisation, "far_too_large", "provisioned_fixed")
    assert plan["monthly_savings_usd"] == Decimal("919.2963")


def test_reads_and_writes_of_a_table_share_its_mode(
    organisation: SmallWarehouse, exact_case: ExactCase
) -> None:
    lines = [
        _line_cost(organisation, "opposed_on_demand", component, OPPOSED_REGION, plan)
        for plan in ("as_is", "provisioned_autoscaled")
        for component in ("read", "write")
    ]
    expected = [Decimal(each) for each in (100, 10, 10, 70)]
    exact_case(8, "read and write, on-demand and provisioned", expected=expected, computed=lines)
    for what, row in (
        ("mode", _mode(organisation, "opposed_on_demand", OPPOSED_REGION)),
        ("best plan", _plan(organisation, "opposed_on_demand", OPPOSED_REGION)),
    ):
        exact_case(8, f"today on-demand: {what} saves", expected=Decimal("30"), computed=_saves(row))
    for what, row in (
        ("mode", _mode(organisation, "opposed_provisioned", OPPOSED_REGION)),
        ("best plan", _plan(organisation, "opposed_provisioned", OPPOSED_REGION)),
    ):
        assert row["current_monthly_cost_usd"] == Decimal("80")
        exact_case(8, f"today provisioned: {what} saves", expected=0, computed=_saves(row))


def test_indexes_that_repeat_a_tables_writes_cost_as_much_each(
    organisation: SmallWarehouse, exact_case: ExactCase
) -> None:
    mode, plan = _mode(organisation, "indexed"), _plan(organisation, "indexed")
    exact_case(9, "mode", expected=Decimal("2.5"), computed=mode["current_monthly_cost_usd"])
    exact_case(9, "best plan", expected=Decimal("2.5"), computed=plan["current_monthly_cost_usd"])
    assert mode["keep_reason"] == plan["keep_reason"] == "below_min_savings"


def test_reads_cost_the_same_whatever_the_writes(organisation: SmallWarehouse, exact_case: ExactCase) -> None:
    for table in ("with_rare_writes", "without_writes"):
        cost = _line_cost(organisation, table, "read")
        exact_case(10, f"reads, {table}", expected=Decimal("32.85"), computed=cost)


def test_requests_and_gigabytes_cost_their_list_price(
    organisation: SmallWarehouse, exact_case: ExactCase
) -> None:
    plan = _plan(organisation, "small_fry")
    exact_case(11, "month", expected=Decimal("9.375"), computed=plan["current_monthly_cost_usd"])
    exact_case(11, "of it storage", expected=Decimal("2.5"), computed=plan["current_storage_cost_usd"])
    large = _plan(organisation, "very_large")
    exact_case(13, "month", expected=Decimal("59642"), computed=large["current_monthly_cost_usd"])
    exact_case(13, "of it storage", expected=Decimal("512"), computed=large["current_storage_cost_usd"])


def test_units_of_capacity_cost_their_list_price(organisation: SmallWarehouse, exact_case: ExactCase) -> None:
    for what, table, component, cost in (
        ("20 WCU", "twenty_and_thirty", "write", "9.49"),
        ("30 RCU", "twenty_and_thirty", "read", "2.847"),
        ("77 WCU", "seventy_odd", "write", "36.5365"),
        ("76 RCU", "seventy_odd", "read", "7.2124"),
    ):
        exact_case(12, what, expected=Decimal(cost), computed=_line_cost(organisation, table, component))


def test_one_name_in_two_regions_is_two_tables(organisation: SmallWarehouse, exact_case: ExactCase) -> None:
    for region, cost in (("us-east-1", "4.745"), ("eu-west-1", "7.1175")):
        computed = _line_cost(organisation, "same_name", "read", region)
        exact_case(15, f"50 RCU in {region}", expected=Decimal(cost), computed=computed)
    for mart in ("best_plans", "capacity_mode_recommendations", "utilization_recommendations"):
        [row] = organisation.query(
            f"""select count(*) as n, count(distinct recommendation_id) as ids from marts.{mart}
            where table_name = 'same_name'"""
        )
        exact_case(15, f"rows in {mart}", expected=(2, 2), computed=(row["n"], row["ids"]))


def test_an_idle_table_costs_nothing_on_demand(organisation: SmallWarehouse, exact_case: ExactCase) -> None:
    mode, plan = _mode(organisation, "idle"), _plan(organisation, "idle")
    for what, row in (("mode", mode), ("best plan", plan)):
        exact_case(16, f"{what} saves", expected=Decimal("56.94"), computed=_saves(row))
        assert row["projected_monthly_cost_usd"] == 0
    assert json.loads(mode["recommended_setting"]) == {"billing_mode": "PAY_PER_REQUEST"}
    exact_case(16, "to 1 / 1 saves", expected=Decimal("56.3706"), computed=_saves(_cut(organisation, "idle")))
    fixed = _alternative(organisation, "idle", "provisioned_fixed")
    assert (fixed["monthly_savings_usd"], fixed["guard"]) == (Decimal("56.3706"), "dearer")


def test_what_a_table_was_cut_from_is_not_offered_again(
    organisation: SmallWarehouse, exact_case: ExactCase
) -> None:
    exact_case(17, "reads today", expected=Decimal("9.49"), computed=_line_cost(organisation, "cut", "read"))
    rows = [kind(organisation, "cut") for kind in (_plan, _mode, _cut)]
    assert {row["current_monthly_cost_usd"] for row in rows} == {Decimal("9.9645")}
    exact_case(17, "saves, of every kind", expected=[0, 0, 0], computed=[_saves(row) for row in rows])


def test_a_pool_pays_for_what_exceeds_the_free_tier(
    organisation: SmallWarehouse, exact_case: ExactCase
) -> None:
    for what, kind in (("best plan", _plan), ("mode", _mode), ("utilisation", _cut)):
        alone = kind(organisation, "alone", FREE_TIER_REGION)
        exact_case(18, f"alone, {what}", expected=0, computed=alone["current_monthly_cost_usd"])
        assert alone["advice"] == "keep"
    for table in ("one", "other"):
        plan = _plan(organisation, table, FREE_TIER_REGION)
        exact_case(18, f"half of a pool: {table}", expected=Decimal("0.689"), computed=plan[
            "current_throughput_cost_usd"])  # fmt: skip


def test_three_hours_are_too_little_history(organisation: SmallWarehouse, exact_case: ExactCase) -> None:
    for what, kind in (("mode", _mode), ("best plan", _plan)):
        row = kind(organisation, "three_hours")
        exact_case(22, f"3 hours: {what}", expected="too_little_history", computed=row["keep_reason"])
        assert _saves(row) == 0


def test_a_young_index_costs_by_its_own_hours(organisation: SmallWarehouse, exact_case: ExactCase) -> None:
    [index] = organisation.query(
        """select sum(cost_usd) as cost_usd from marts.plan_cost_lines
        where index_name = 'late' and plan = 'as_is' and table_class = 'STANDARD'"""
    )
    exact_case(23, "index", expected=Decimal("16.425"), computed=index["cost_usd"])
    plan, mode = _plan(organisation, "late_index"), _mode(organisation, "late_index")
    # And 32.85 for the table's reads.
    exact_case(23, "with its table", expected=Decimal("49.275"), computed=plan["current_monthly_cost_usd"])
    assert plan["keep_reason"] == mode["keep_reason"] == "too_little_history"


def test_twelve_is_not_below_sixty_percent_of_twenty(
    organisation: SmallWarehouse, exact_case: ExactCase
) -> None:
    kept = _simulated_as_is(organisation, "not_below")
    exact_case(26, "decreases at 12", expected=0, computed=kept["read_decreases"])
    assert (kept["read_least"], kept["read_greatest"]) == (20, 20)
    assert _simulated_as_is(organisation, "just_below")["read_decreases"] == 1


def test_the_days_last_allowed_decrease_goes_to_the_reads(
    organisation: SmallWarehouse, exact_case: ExactCase
) -> None:
    row = _simulated_as_is(organisation, "last_decrease")
    # Reads after minute 29 and 47, writes after 47; after 65 both want the fourth, and the writes get theirs
    # after 125. Each comes into force four minutes later.
    reads = 33 * 100 + 18 * 40 + 18 * 16 + (MINUTES - 69) * 6
    writes = 51 * 100 + 78 * 40 + (MINUTES - 129) * 6
    exact_case(
        27, "unit-minutes of the reads", expected=reads, computed=round(60 * row["read_unit_hours"], 6)
    )
    exact_case(27, "and of the writes", expected=writes, computed=round(60 * row["write_unit_hours"], 6))


def test_replicas_share_the_mode_that_is_cheaper_for_them_together(
    organisation: SmallWarehouse, exact_case: ExactCase
) -> None:
    for what, kind in (("mode", _mode), ("best plan", _plan)):
        here, there = kind(organisation, "everywhere"), kind(organisation, "everywhere", "eu-west-1")
        # On-demand 131.40; 445 read units and a replicated write unit cost 42.2305 and 0.4745.
        exact_case(
            28, f"{what}, busy replica", expected=Decimal("88.695"), computed=here["monthly_savings_usd"]
        )
        # Alone, the idle replica would stay on-demand, where it costs nothing.
        loss = there["monthly_savings_usd"]
        exact_case(28, f"{what}, idle replica", expected=Decimal("-0.8541"), computed=loss)
        for row in (here, there):
            assert row["advice"] == "change"
            exact_case(
                28, f"{what}, together", expected=Decimal("87.8409"), computed=row["decision_savings_usd"]
            )
    modes = {_mode(organisation, "everywhere", region)["recommended_billing_mode"] for region in (
        "us-east-1", "eu-west-1")}  # fmt: skip
    exact_case(28, "one mode", expected="PROVISIONED", computed=", ".join(modes))
