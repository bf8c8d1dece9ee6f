"""What holds of all advice, whatever the demand: checked on tables of random demand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from planted_tables import MINUTES, plant
from price_list import LIST_PRICES
from small_warehouse import MakeWarehouse, SmallWarehouse

TABLES = 12
DOUBLED = {key: str(2 * Decimal(price)) for key, price in LIST_PRICES.items()}
MARTS = ("capacity_mode_recommendations", "utilization_recommendations")
# Amounts have ten decimals, the last of them rounded.
ROUNDED = Decimal("1e-9")


def random_demand(random: np.random.Generator) -> np.ndarray:
    """Noise on a daily wave, with spikes in some minutes and nothing in others: units per second."""
    level = 10 ** random.uniform(0, 2.5)
    wave = 1 + random.uniform(0, 1) * np.sin(2 * np.pi * np.arange(MINUTES) / 1440 + random.uniform(0, 6))
    spikes = np.where(random.random(MINUTES) < random.uniform(0, 0.002), random.uniform(1, 30), 1.0)
    is_awake = random.random(MINUTES) < random.uniform(0.2, 1.5)
    return level * wave * spikes * is_awake * random.uniform(0.8, 1.2, MINUTES)


def plant_random_tables(warehouse: SmallWarehouse, order: Callable[[range], list[int]]) -> None:
    """Plant the same tables in whatever order: a third on-demand, a third fixed, a third autoscaled."""
    for number in order(range(TABLES)):
        random = np.random.default_rng(number)
        reads, writes = random_demand(random), random_demand(random) / 5
        units = (int(reads.max()) * 2 + 1, int(writes.max()) * 2 + 1)
        policies = {"read": (units[0] // 4 + 1, units[0] * 2, 50.0), "write": (1, units[1] * 2, 70.0)}
        plant(
            warehouse,
            f"table_{number}",
            reads=reads,
            writes=writes,
            units=units if number % 3 else None,
            policies=policies if number % 3 == 2 else None,
        )


@pytest.fixture(scope="module")
def built(make_warehouse: MakeWarehouse) -> dict[str, SmallWarehouse]:
    """Build the tables twice: at list prices, and in reverse order at doubled prices for doubled savings."""
    warehouses = {}
    for name, prices, min_savings, order in (
        ("listed", LIST_PRICES, 10.0, list),
        ("doubled", DOUBLED, 20.0, lambda numbers: list(reversed(numbers))),
    ):
        warehouses[name] = make_warehouse()
        warehouses[name].price_list(prices=prices)
        plant_random_tables(warehouses[name], order)
        warehouses[name].build("+savings_summary", min_savings=min_savings)
    return warehouses


def decisions(warehouse: SmallWarehouse, mart: str) -> list[dict[str, Any]]:
    """What is advised in each row, without its dollars."""
    return warehouse.query(
        "select recommendation_id, advice, keep_reason, recommended_setting, confidence, risk"
        f" from marts.{mart} order by recommendation_id"
    )


def dollars(warehouse: SmallWarehouse, mart: str) -> list[Decimal]:
    """Every row's current cost and saving."""
    rows = warehouse.query(
        f"select current_monthly_cost_usd, monthly_savings_usd from marts.{mart} order by recommendation_id"
    )
    return [amount for row in rows for amount in row.values()]


def test_every_rule_about_advice_holds(built: dict[str, SmallWarehouse]) -> None:
    assert built["listed"].failures("path:tests/data/advice") == []


def test_the_random_tables_get_advice_of_several_kinds(built: dict[str, SmallWarehouse]) -> None:
    kinds = built["listed"].query(
        "select distinct kind, advice, current_setting like '%min%' as is_autoscaled"
        " from marts.recommendations"
    )
    assert len(kinds) >= 6


@pytest.mark.parametrize("mart", MARTS)
def test_doubled_prices_double_every_dollar_in_any_order_of_rows(
    built: dict[str, SmallWarehouse], mart: str
) -> None:
    assert decisions(built["listed"], mart) == decisions(built["doubled"], mart)
    pairs = zip(dollars(built["listed"], mart), dollars(built["doubled"], mart), strict=True)
    assert all(abs(2 * listed - doubled) <= ROUNDED for listed, doubled in pairs)


@pytest.mark.parametrize("mart", MARTS)
def test_a_rebuild_gives_the_same_ids_and_dollars(built: dict[str, SmallWarehouse], mart: str) -> None:
    before = decisions(built["listed"], mart), dollars(built["listed"], mart)
    built["listed"].build("+savings_summary")
    assert (decisions(built["listed"], mart), dollars(built["listed"], mart)) == before
    assert len(before[0]) >= TABLES // 3 * 2
