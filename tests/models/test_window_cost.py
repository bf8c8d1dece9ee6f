"""What the window has cost: mode, class, capacity and price of each moment, beside the cost of today."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from exact_cases import ExactCase
from planted_tables import ACCOUNT, CREATED_AT, MINUTES, WINDOW_START, plant, plant_index
from price_list import LIST_PRICES, LISTED_SINCE
from small_warehouse import AS_OF, MakeWarehouse, SmallWarehouse

# The on-demand price of writes halves in the middle of the window, and elsewhere inside an hour.
HALVED_AT = datetime(2026, 10, 25)
HALVED_IN_AN_HOUR_AT = datetime(2026, 10, 25, 12, 20)
REGIONS = {"eu-west-1": HALVED_AT, "eu-west-2": HALVED_IN_AN_HOUR_AT}
DEAR = {"ondemand.write.standard": "0.00000125"}
CHANGED_AT = datetime(2026, 10, 22, 6)

ON_DEMAND = {"billing_mode": "PAY_PER_REQUEST"}
PROVISIONED = {"billing_mode": "PROVISIONED", "read_capacity_units": 100, "write_capacity_units": 50}


def _plant_changed(
    warehouse: SmallWarehouse,
    name: str,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    changed_at: datetime = CHANGED_AT,
) -> None:
    """Add a table that reads 20 and writes 10 units a second and is set up anew at an instant."""
    common = {
        "account_id": ACCOUNT,
        "region": "us-east-1",
        "table_name": name,
        "table_class": "STANDARD",
        "created_at": CREATED_AT,
    }
    warehouse.rows(
        "raw_dynamodb.table_metadata",
        [
            common | before | {"valid_from": CREATED_AT, "valid_to": changed_at},
            common | after | {"valid_from": changed_at},
        ],
    )
    warehouse.minutes(
        ACCOUNT,
        "us-east-1",
        name,
        reads=np.full(MINUTES, 20.0),
        writes=np.full(MINUTES, 10.0),
        start=WINDOW_START,
    )


@pytest.fixture(scope="module")
def costed(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """Tables whose mode, class, capacity or price changed in the window, and some that did not."""
    warehouse = make_warehouse()
    warehouse.price_list(has_free_tier=False)
    # The same prices once more: no change.
    warehouse.price_list(has_free_tier=False, effective_at=datetime(2026, 10, 27))
    for region, halved_at in REGIONS.items():
        warehouse.price_list(region, prices=LIST_PRICES | DEAR, has_free_tier=False)
        warehouse.price_list(
            region,
            prices={"ondemand.write.standard": "0.000000625"},
            has_free_tier=False,
            effective_at=halved_at,
        )
        plant(warehouse, "halved", writes=10.0, reads=1.0, region=region)
    plant(warehouse, "unpriced", writes=10.0, region="xx-east-9")
    _plant_changed(warehouse, "to_on_demand", PROVISIONED, ON_DEMAND)
    _plant_changed(
        warehouse, "to_provisioned", ON_DEMAND, PROVISIONED, changed_at=CHANGED_AT + timedelta(minutes=15)
    )
    _plant_changed(warehouse, "to_ia", ON_DEMAND, ON_DEMAND | {"table_class": "STANDARD_INFREQUENT_ACCESS"})
    _plant_changed(warehouse, "cut", PROVISIONED | {"read_capacity_units": 1000}, PROVISIONED)
    # Inventories saw these only after the change; AWS dates it.
    for name, later in (
        ("unseen_to_ia", {"table_class": "STANDARD_INFREQUENT_ACCESS", "table_class_updated_at": CHANGED_AT}),
        ("unseen_to_on_demand", {"pay_per_request_since_at": CHANGED_AT}),
    ):
        _plant_changed(warehouse, name, ON_DEMAND | later, ON_DEMAND | later)
    seen_at = CHANGED_AT + timedelta(days=2)
    late = PROVISIONED | {"table_class": "STANDARD_INFREQUENT_ACCESS"}
    dated = ON_DEMAND | {"table_class_updated_at": CHANGED_AT, "pay_per_request_since_at": CHANGED_AT}
    _plant_changed(warehouse, "seen_late", late, dated, changed_at=seen_at)
    # Its policy moved it between what inventories saw.
    plant(
        warehouse,
        "autoscaled",
        units=(100, 1),
        policies={"read": (1, 1000, 70.0)},
        provisioned=(250, 1),
    )
    half_known = np.where(np.arange(MINUTES) < MINUTES // 2, 10.0, np.nan)
    plant(warehouse, "half_known", writes=half_known, reads=half_known)
    plant(warehouse, "unknown", writes=np.full(MINUTES, np.nan), reads=np.full(MINUTES, np.nan))
    plant(warehouse, "unknown_provisioned", writes=np.nan, reads=np.nan, units=(100, 50))
    born_at = AS_OF - timedelta(hours=10, minutes=30)
    plant(warehouse, "newborn", writes=10.0, created_at=born_at, starts_at=born_at)
    plant(warehouse, "indexed", writes=10.0, replica_regions=["us-east-1", "eu-west-1"])
    plant_index(warehouse, "indexed", "by_day", writes=10.0)
    warehouse.build("+int_costs__window_stretches_costed +int_costs__current")
    return warehouse


def _stretches(
    warehouse: SmallWarehouse, table: str, dimension: str = "write", region: str = "us-east-1"
) -> list[tuple[Any, ...]]:
    rows = warehouse.query(
        f"""select starts_at, billing_mode, hours, amount, cost_usd
        from intermediate.int_costs__window_stretches_costed
        where table_name = '{table}' and region = '{region}' and dimension = '{dimension}'
            and index_name is null
        order by starts_at"""
    )
    return [
        (row["starts_at"], row["billing_mode"], row["hours"], row["amount"], row["cost_usd"]) for row in rows
    ]


def _current(warehouse: SmallWarehouse, table: str, column: str, region: str = "us-east-1") -> Decimal:
    [row] = warehouse.query(
        f"""select {column} as cost_usd from intermediate.int_costs__current
        where table_name = '{table}' and region = '{region}'"""
    )
    return row["cost_usd"]


def test_a_price_that_halves_splits_the_window_and_not_todays_cost(
    costed: SmallWarehouse, exact_case: ExactCase
) -> None:
    # 10 writes a second are 6,048,000 in a week and 26,280,000 in a month of 730 hours.
    stretches = _stretches(costed, "halved", region="eu-west-1")
    assert [row[:4] for row in stretches] == [
        (WINDOW_START, "PAY_PER_REQUEST", 168.0, Decimal(6_048_000)),
        (HALVED_AT, "PAY_PER_REQUEST", 168.0, Decimal(6_048_000)),
    ]
    costs = [row[4] for row in stretches]
    exact_case(30, "before and after", expected=[Decimal("7.56"), Decimal("3.78")], computed=costs)
    today = _current(costed, "halved", "write_cost_usd", "eu-west-1")
    exact_case(30, "today", expected=Decimal("16.425"), computed=today)
    # Reads, whose price stayed, are one stretch.
    [read] = _stretches(costed, "halved", "read", region="eu-west-1")
    assert read[2:] == (336.0, Decimal(1_209_600), Decimal("0.1512"))


def test_a_price_that_changes_inside_an_hour_takes_its_share_of_the_hour(costed: SmallWarehouse) -> None:
    hours = [168 + Decimal(37) / 3, 168 - Decimal(37) / 3]
    assert [row[3:] for row in _stretches(costed, "halved", region="eu-west-2")] == [
        (round(hours[0] * 36_000), round(hours[0] * 36_000) * Decimal(DEAR["ondemand.write.standard"])),
        (round(hours[1] * 36_000), round(hours[1] * 36_000) * Decimal("0.000000625")),
    ]


def test_a_price_listed_again_ends_no_stretch(costed: SmallWarehouse) -> None:
    assert len(_stretches(costed, "indexed")) == 1
    [row] = costed.query(
        """select count(*) as listed from intermediate.int_prices__rates_recognized
        where region = 'us-east-1' and price_key = 'ondemand.write.standard'"""
    )
    assert row["listed"] == 2


def test_each_mode_is_billed_while_it_was_in_force(costed: SmallWarehouse) -> None:
    # 102 hours of 50 write units and 100 read units, then 234 hours of 10 writes and 20 reads a second.
    assert _stretches(costed, "to_on_demand") == [
        (WINDOW_START, "PROVISIONED", 102.0, Decimal(5100), Decimal("3.315")),
        (CHANGED_AT, "PAY_PER_REQUEST", 234.0, Decimal(8_424_000), Decimal("5.265")),
    ]
    assert [row[3:] for row in _stretches(costed, "to_on_demand", "read")] == [
        (Decimal(10_200), Decimal("1.326")),
        (Decimal(16_848_000), Decimal("2.106")),
    ]
    assert _current(costed, "to_on_demand", "write_cost_usd") == Decimal("16.425")


def test_a_mode_that_changes_inside_an_hour_takes_its_share_of_the_hour(costed: SmallWarehouse) -> None:
    changed_at = CHANGED_AT + timedelta(minutes=15)
    assert _stretches(costed, "to_provisioned") == [
        (WINDOW_START, "PAY_PER_REQUEST", 102.25, Decimal(3_681_000), Decimal("2.300625")),
        (changed_at, "PROVISIONED", 233.75, Decimal("11687.5"), Decimal("7.596875")),
    ]


def test_each_class_is_billed_while_it_was_in_force(costed: SmallWarehouse) -> None:
    assert [row[2:] for row in _stretches(costed, "to_ia")] == [
        (102.0, Decimal(3_672_000), Decimal("2.295")),
        (234.0, Decimal(8_424_000), Decimal("6.57072")),
    ]
    # A month of 26,280,000 writes, all at the price of Standard-IA.
    assert _current(costed, "to_ia", "write_cost_usd") == Decimal("20.4984")


def test_a_change_that_no_inventory_saw_is_known_by_its_date(costed: SmallWarehouse) -> None:
    assert _stretches(costed, "unseen_to_ia") == [
        (WINDOW_START, "PAY_PER_REQUEST", 102.0, Decimal(3_672_000), Decimal("2.295")),
        (CHANGED_AT, "PAY_PER_REQUEST", 234.0, Decimal(8_424_000), Decimal("6.57072")),
    ]
    # What was provisioned before, nobody knows: no cost, and least of all that of on-demand.
    assert _stretches(costed, "unseen_to_on_demand") == [
        (WINDOW_START, "PROVISIONED", 102.0, None, None),
        (CHANGED_AT, "PAY_PER_REQUEST", 234.0, Decimal(8_424_000), Decimal("5.265")),
    ]
    # An inventory that came two days late knows the capacity of before: 50 units of Standard-IA.
    assert _stretches(costed, "seen_late") == [
        (WINDOW_START, "PROVISIONED", 102.0, Decimal(5100), Decimal("4.131")),
        (CHANGED_AT, "PAY_PER_REQUEST", 234.0, Decimal(8_424_000), Decimal("5.265")),
    ]


def test_capacity_is_billed_as_it_was_and_costs_what_it_is(costed: SmallWarehouse) -> None:
    # 102 hours of 1,000 units and 234 hours of 100: one price, so one stretch.
    assert _stretches(costed, "cut", "read") == [
        (WINDOW_START, "PROVISIONED", 336.0, Decimal(125_400), Decimal("16.302"))
    ]
    assert _current(costed, "cut", "read_cost_usd") == Decimal("9.49")


def test_measured_capacity_beats_what_inventories_saw(costed: SmallWarehouse) -> None:
    assert _stretches(costed, "autoscaled", "read") == [
        (WINDOW_START, "PROVISIONED", 336.0, Decimal(84_000), Decimal("10.92"))
    ]


def test_unknown_demand_is_not_made_up_and_unknown_to_provisioned_capacity(costed: SmallWarehouse) -> None:
    assert [row[2:] for row in _stretches(costed, "half_known")] == [
        (336.0, Decimal(6_048_000), Decimal("3.78"))
    ]
    assert [row[2:] for row in _stretches(costed, "unknown")] == [(336.0, None, None)]
    assert [row[2:] for row in _stretches(costed, "unknown_provisioned")] == [
        (336.0, Decimal(16_800), Decimal("10.92"))
    ]
    known = costed.query(
        """select distinct table_name, known_hours from intermediate.int_costs__window_stretches_costed
        where table_name in ('half_known', 'unknown', 'indexed') order by table_name"""
    )
    assert [tuple(row.values()) for row in known] == [
        ("half_known", 168.0),
        ("indexed", 336.0),
        ("unknown", 0.0),
    ]


def test_a_table_costs_nothing_before_it_was_created(costed: SmallWarehouse) -> None:
    assert _stretches(costed, "newborn") == [
        (
            AS_OF - timedelta(hours=10, minutes=30),
            "PAY_PER_REQUEST",
            10.5,
            Decimal(378_000),
            Decimal("0.23625"),
        )
    ]


def test_a_missing_price_leaves_the_cost_unknown(costed: SmallWarehouse) -> None:
    assert [row[2:] for row in _stretches(costed, "unpriced", region="xx-east-9")] == [
        (336.0, Decimal(12_096_000), None)
    ]


def test_a_replica_writes_replicated_units_and_its_index_plain_ones(costed: SmallWarehouse) -> None:
    rows = costed.query(
        """select index_name, price_key from intermediate.int_costs__window_stretches_costed
        where table_name = 'indexed' and dimension = 'write' order by index_name nulls first"""
    )
    assert [tuple(row.values()) for row in rows] == [
        (None, "ondemand.replicated_write.standard"),
        ("by_day", "ondemand.write.standard"),
    ]


def test_the_rows_hold_what_their_models_promise(costed: SmallWarehouse) -> None:
    assert LISTED_SINCE < WINDOW_START
    models = ("stretches_split", "hours_metered", "stretches_costed")
    assert costed.failures(" ".join(f"int_costs__window_{model}" for model in models)) == []
