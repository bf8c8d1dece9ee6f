"""What is advised, from raw points to dollars: each amount was worked out by hand from AWS's definitions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
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

MODELS = "+capacity_mode_recommendations +utilization_recommendations +int_costs__current"
# A made-up list, half as dear again, so that a price taken from the wrong region shows.
DEARER = {key: str(Decimal(price) * Decimal("1.5")) for key, price in LIST_PRICES.items()}
A_MONTH_OF_ONE_MILLION = 1_000_000 * 336 / 730


def _row(warehouse: SmallWarehouse, mart: str, table: str, region: str = "us-east-1") -> Mapping[str, Any]:
    [row] = warehouse.query(
        f"select * from marts.{mart}"
        f" where table_name = '{table}' and region = '{region}' and index_name is null"
    )
    return row


def _saving(row: Mapping[str, Any]) -> tuple[str, Decimal]:
    return row["advice"], row["monthly_savings_usd"]


@pytest.fixture(scope="module")
def advised(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """An organisation without a free tier, advised under the defaults."""
    warehouse = make_warehouse()
    warehouse.price_list(has_free_tier=False)
    warehouse.price_list("eu-west-1", prices=DEARER, has_free_tier=False)
    plant(warehouse, "peak_950", reads=with_mean_and_peak(250, 950), units=(1000, 1))
    plant(warehouse, "peak_700", reads=with_mean_and_peak(250, 700), units=(1000, 1))
    plant(warehouse, "far_too_large", reads=with_mean_and_peak(200, 250), writes=46.0, units=(10_000, 100))
    plant(warehouse, "idle", units=(100, 100))
    for region in ("us-east-1", "eu-west-1"):
        plant(warehouse, "same_name", reads=35.0, units=(50, 1), region=region)
    _plant_cut_table(warehouse)
    plant(warehouse, "indexed", writes=in_one_minute(A_MONTH_OF_ONE_MILLION))
    for index in ("by_day", "by_name", "by_owner"):
        plant_index(warehouse, "indexed", index, writes=in_one_minute(A_MONTH_OF_ONE_MILLION))
    plant(
        warehouse, "with_rare_writes", reads=100.0, writes=np.where(np.arange(MINUTES) % 336 == 0, 1.0, 0.0)
    )
    plant(warehouse, "without_writes", reads=100.0)
    plant(warehouse, "late_index", reads=100.0)
    day_8 = WINDOW_START + timedelta(days=8)
    plant_index(warehouse, "late_index", "late", writes=10.0, seen_from=day_8, starts_at=day_8)
    plant(warehouse, "three_hours", reads=100.0, starts_at=AS_OF - timedelta(hours=3))
    plant(
        warehouse,
        "small_fry",
        writes=in_one_minute(10_000_000 * 336 / 730),
        reads=in_one_minute(5_000_000 * 336 / 730),
    )
    _plant_global_table(warehouse)
    warehouse.build(MODELS)
    return warehouse


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
    warehouse.minutes(
        ACCOUNT,
        "us-east-1",
        "cut",
        reads=np.full(MINUTES, 60.0),
        writes=np.zeros(MINUTES),
        start=WINDOW_START,
    )
    provisioned = np.where(np.arange(MINUTES // 5) < 9 * 288, 1000.0, 100.0)
    warehouse.series(
        ACCOUNT,
        "us-east-1",
        "cut",
        "ProvisionedReadCapacityUnits",
        provisioned,
        start=WINDOW_START,
        period_seconds=300,
        statistic="Average",
    )


def _plant_global_table(warehouse: SmallWarehouse) -> None:
    """Replicate a table that is better provisioned in one region, and better on-demand in the other."""
    regions = ["eu-west-1", "us-east-1"]
    plant(warehouse, "everywhere", reads=400.0, replica_regions=regions)
    spikes = np.where(np.arange(MINUTES) % 1440 < 3, 300.0, 0.0)
    plant(warehouse, "everywhere", reads=spikes, region="eu-west-1", replica_regions=regions)


def test_fixed_capacity_is_cut_to_its_peak_only_where_that_is_less(advised: SmallWarehouse) -> None:
    assert _saving(_row(advised, "utilization_recommendations", "peak_950")) == ("keep", 0)
    cut = _row(advised, "utilization_recommendations", "peak_700")
    assert _saving(cut) == ("change", Decimal("11.8625"))
    assert json.loads(cut["recommended_setting"]) == {"read": {"units": 875}, "write": {"units": 1}}


def test_each_dimension_is_cut_by_itself(advised: SmallWarehouse) -> None:
    cut = _row(advised, "utilization_recommendations", "far_too_large")
    assert _saving(cut) == ("change", Decimal("919.2963"))
    assert json.loads(cut["recommended_setting"]) == {"read": {"units": 313}, "write": {"units": 100}}


def test_an_idle_table_costs_nothing_on_demand(advised: SmallWarehouse) -> None:
    mode = _row(advised, "capacity_mode_recommendations", "idle")
    assert _saving(mode) == ("change", Decimal("56.94"))
    assert mode["projected_monthly_cost_usd"] == 0
    assert json.loads(mode["recommended_setting"]) == {"billing_mode": "PAY_PER_REQUEST"}
    assert _saving(_row(advised, "utilization_recommendations", "idle")) == ("change", Decimal("56.3706"))


def test_one_name_in_two_regions_is_two_tables(advised: SmallWarehouse) -> None:
    costs = advised.query(
        "select region, read_cost_usd from intermediate.int_costs__current"
        " where table_name = 'same_name' order by region"
    )
    assert [(row["region"], row["read_cost_usd"]) for row in costs] == [
        ("eu-west-1", Decimal("7.1175")),
        ("us-east-1", Decimal("4.745")),
    ]
    ids = advised.query(
        "select distinct recommendation_id from marts.utilization_recommendations"
        " where table_name = 'same_name'"
    )
    assert len(ids) == 2


def test_what_a_table_was_cut_from_is_not_offered_again(advised: SmallWarehouse) -> None:
    row = _row(advised, "utilization_recommendations", "cut")
    [cost] = advised.query("select * from intermediate.int_costs__current where table_name = 'cut'")
    assert cost["read_cost_usd"] == Decimal("9.49")
    assert row["current_monthly_cost_usd"] == Decimal("9.9645")
    assert _saving(row) == ("keep", 0)
    assert _row(advised, "capacity_mode_recommendations", "cut")["current_monthly_cost_usd"] == Decimal(
        "9.9645"
    )


def test_indexes_that_repeat_a_tables_writes_cost_as_much_each(advised: SmallWarehouse) -> None:
    row = _row(advised, "capacity_mode_recommendations", "indexed")
    assert row["current_monthly_cost_usd"] == Decimal("2.50")
    assert row["keep_reason"] == "below_min_savings"


def test_reads_cost_the_same_whatever_the_writes(advised: SmallWarehouse) -> None:
    costs = advised.query(
        "select read_cost_usd from intermediate.int_costs__current"
        " where table_name in ('with_rare_writes', 'without_writes')"
    )
    assert [row["read_cost_usd"] for row in costs] == [Decimal("32.85"), Decimal("32.85")]


def test_requests_of_one_kilobyte_cost_their_list_price(advised: SmallWarehouse) -> None:
    row = _row(advised, "capacity_mode_recommendations", "small_fry")
    assert row["current_monthly_cost_usd"] == Decimal("6.875")


def test_a_young_index_costs_by_its_own_hours_and_holds_the_decision(advised: SmallWarehouse) -> None:
    [index] = advised.query("select * from intermediate.int_costs__current where index_name = 'late'")
    assert index["throughput_cost_usd"] == Decimal("16.425")
    row = _row(advised, "capacity_mode_recommendations", "late_index")
    assert (row["advice"], row["keep_reason"]) == ("keep", "too_little_history")


def test_three_hours_are_too_little_history(advised: SmallWarehouse) -> None:
    row = _row(advised, "capacity_mode_recommendations", "three_hours")
    assert (row["advice"], row["keep_reason"]) == ("keep", "too_little_history")


def test_replicas_share_the_mode_that_is_cheaper_for_them_together(advised: SmallWarehouse) -> None:
    here = _row(advised, "capacity_mode_recommendations", "everywhere")
    there = _row(advised, "capacity_mode_recommendations", "everywhere", "eu-west-1")
    assert here["recommended_billing_mode"] == there["recommended_billing_mode"] == "PROVISIONED"
    # Alone, the quiet replica would stay on-demand.
    assert there["monthly_savings_usd"] < 0 < here["monthly_savings_usd"]
    together = here["monthly_savings_usd"] + there["monthly_savings_usd"]
    assert here["decision_savings_usd"] == there["decision_savings_usd"] == together >= 10


@pytest.mark.parametrize("mart", ["capacity_mode_recommendations", "utilization_recommendations"])
def test_no_saving_is_more_than_what_is_paid(advised: SmallWarehouse, mart: str) -> None:
    key = "decision_key" if mart == "capacity_mode_recommendations" else "resource_key"
    sums = advised.query(
        f"""select sum(current_monthly_cost_usd) as cost, sum(projected_monthly_cost_usd) as projected,
        sum(monthly_savings_usd) as saving,
        bool_and(annual_savings_usd = 12 * monthly_savings_usd) as is_annual
        from marts.{mart} group by {key}"""
    )
    assert all(
        row["is_annual"] and 0 <= row["saving"] <= row["cost"] and row["projected"] >= 0
        for row in sums
        if row["cost"] is not None
    )
    assert len(sums) > 5


@pytest.fixture(scope="module")
def advised_at_70(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """The same prices, with every advised policy at a target of 70 %."""
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
        provisioned=(240, 1),
    )
    plant(warehouse, "morning_rise", writes=morning_rise())
    warehouse.build(MODELS, target_utilization=0.7)
    return warehouse


def daily_wave() -> np.ndarray:
    """Between 10 and 190 units per second, once a day."""
    return 100 + 90 * np.sin(2 * np.pi * np.arange(MINUTES) / 1440)


def morning_rise() -> np.ndarray:
    """1 a second; from 06:00 a straight rise to 700 at 10:00, held until 12:00, then 1 again, every day."""
    minute = np.arange(MINUTES) % 1440
    rising = 1 + 699 * (minute - 360) / 240
    return np.where(minute < 360, 1.0, np.where(minute < 600, rising, np.where(minute < 720, 700.0, 1.0)))


@pytest.mark.parametrize("table", ["flat", "flat_and_coarse"])
def test_a_flat_table_is_cheaper_provisioned(advised_at_70: SmallWarehouse, table: str) -> None:
    row = _row(advised_at_70, "capacity_mode_recommendations", table)
    assert row["on_demand_monthly_cost_usd"] == row["current_monthly_cost_usd"] == Decimal("22.995")
    assert row["provisioned_monthly_cost_usd"] == row["projected_monthly_cost_usd"] == Decimal("9.9645")
    assert _saving(row) == ("change", Decimal("13.0305"))
    assert row["annual_savings_usd"] == Decimal("156.366")
    assert json.loads(row["recommended_setting"]) == {
        "billing_mode": "PROVISIONED",
        "read": {"min": 1, "max": 200, "target": 0.7},
        "write": {"min": 1, "max": 1, "target": 0.7},
    }
    assert row["break_even_utilization"] == pytest.approx(0.2889, abs=1e-4)


def test_the_policy_in_force_saves_nothing_over_itself(advised_at_70: SmallWarehouse) -> None:
    row = _row(advised_at_70, "capacity_mode_recommendations", "autoscaled")
    # 240 units were provisioned on average, whatever the simulation thinks of it.
    assert row["current_monthly_cost_usd"] == Decimal("23.2505")
    assert row["provisioned_monthly_cost_usd"] == Decimal("23.2505")
    assert (_saving(row), row["keep_reason"]) == (("keep", 0), "already_best")
    assert _saving(_row(advised_at_70, "utilization_recommendations", "autoscaled")) == ("keep", 0)


def test_a_minimum_that_throttles_is_refused_for_the_next_that_does_not(
    advised_at_70: SmallWarehouse,
) -> None:
    writes = morning_rise()
    maximum = 2000  # twice 700 at 70 %

    def throttled_minutes(minimum: int) -> int:
        policy = Policy(target=0.7, min_capacity=minimum, max_capacity=maximum)
        result = simulate(np.zeros(MINUTES), writes, start=WINDOW_START, write=policy, burst_seconds=60)
        return result.write.throttled_minutes

    policy = json.loads(
        _row(advised_at_70, "capacity_mode_recommendations", "morning_rise")["recommended_setting"]
    )["write"]
    assert policy["max"] == maximum
    assert throttled_minutes(1) > 14
    assert throttled_minutes(policy["min"] // 2) > 14 >= throttled_minutes(policy["min"])


@pytest.fixture
def with_free_tier(warehouse: SmallWarehouse) -> SmallWarehouse:
    """Idle tables of the free tier's size: one alone in its account, two together in another."""
    warehouse.price_list()
    plant(warehouse, "alone", units=(25, 25), account_id="000000000001")
    for name in ("one", "other"):
        plant(warehouse, name, reads=10.0, units=(20, 1), account_id="000000000002")
    warehouse.build(MODELS)
    return warehouse


def test_a_pool_pays_for_what_exceeds_the_free_tier(with_free_tier: SmallWarehouse) -> None:
    for mart in ("capacity_mode_recommendations", "utilization_recommendations"):
        alone = _row(with_free_tier, mart, "alone")
        assert (alone["current_monthly_cost_usd"], alone["advice"]) == (0, "keep")
    costs = with_free_tier.query(
        "select read_cost_usd from intermediate.int_costs__current where account_id = '000000000002'"
    )
    assert [row["read_cost_usd"] for row in costs] == [Decimal("0.689"), Decimal("0.689")]


def test_a_file_of_decisions_is_read_as_it_is(warehouse: SmallWarehouse, tmp_path: Path) -> None:
    model = "stg_decisions__recommendation_decisions"
    warehouse.build(model, decisions_path=str(tmp_path / "nobody-decided.jsonl"))
    assert warehouse.query(f"select * from staging.{model}") == []
    warehouse.build(model)
    assert warehouse.query(f"select * from staging.{model}") == []

    decision = {
        "recommendation_id": "abc",
        "status": "snoozed",
        "decided_at": "2026-10-31T12:00:00",
        "reason": "é",
    }
    warehouse.decisions_path.write_text(json.dumps(decision) + "\n", encoding="utf-8")
    warehouse.build(model)
    [row] = warehouse.query(f"select * from staging.{model}")
    assert (row["recommendation_id"], row["status"], row["reason"]) == ("abc", "snoozed", "é")
    assert (row["decided_at"], row["decided_by"], row["snoozed_until"]) == (
        datetime(2026, 10, 31, 12),
        None,
        None,
    )
