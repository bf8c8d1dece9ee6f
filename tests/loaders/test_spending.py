"""Budgets: never more is spent than allowed, and what was set aside for nothing comes back."""

from __future__ import annotations

import pytest

from loaders.cloudwatch.spending import Allowance, Budget


def reserved(budget: Budget, queries: int) -> Allowance:
    allowance = budget.reserve(queries)
    assert allowance is not None
    return allowance


@pytest.mark.parametrize(
    ("usd", "queries"), [(None, None), (0, 0), (0.00001, 1), (0.01, 1000), (0.07, 7000), (1.5, 150_000)]
)
def test_a_budget_in_usd_is_one_in_metrics(usd: float | None, queries: int | None) -> None:
    assert Budget.of(usd).limit == queries


def test_what_is_set_aside_is_not_promised_twice() -> None:
    budget = Budget(limit=100)
    first = reserved(budget, 60)
    assert budget.reserve(41) is None
    assert first.take(30)
    first.close()
    assert (budget.spent, budget.calls, budget.usd) == (30, 1, pytest.approx(0.0003))
    second = reserved(budget, 70)
    assert budget.reserve(1) is None
    second.close()
    second.close()
    assert budget.reserve(71) is None
    assert budget.reserve(70) is not None


def test_a_unit_may_ask_for_more_than_was_set_aside_as_long_as_there_is_some() -> None:
    budget = Budget(limit=100)
    other, allowance = reserved(budget, 50), reserved(budget, 10)
    assert allowance.take(10)
    assert allowance.take(40)
    assert not allowance.take(1)
    other.close()
    assert allowance.take(50)
    assert not allowance.take(1)
    allowance.close()
    assert (budget.spent, budget.calls) == (100, 3)


def test_without_a_limit_everything_is_allowed_and_counted() -> None:
    budget = Budget()
    allowance = reserved(budget, 5)
    assert allowance.take(500_000)
    assert budget.spent == 500_000
