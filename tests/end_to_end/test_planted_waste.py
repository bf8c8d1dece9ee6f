"""Every planted waste is found, with its saving as worked out by hand, and nothing healthy is flagged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from demo_run import Demo

from optima.sandbox import Expectation, expectations, healthy_tables

Key = tuple[str, str, str, str, str | None]

# Findings are worked out by hand to this many dollars.
BY_HAND = 1e-6


@pytest.fixture(scope="session")
def found(demo: Demo) -> dict[Key, dict[str, Any]]:
    """All advice to change something, by kind and resource."""
    key = ("kind", "account_id", "region", "table_name", "index_name")
    rows = demo.rows("select * from recommendations where advice = 'change'")
    return {tuple(row[name] for name in key): row for row in rows}


def key_of(expectation: Expectation) -> Key:
    return (
        expectation.kind,
        expectation.account_id,
        expectation.region,
        expectation.table_name,
        expectation.index_name,
    )


def contains(setting: Mapping[str, Any], essence: Mapping[str, Any]) -> bool:
    """Whether a setting says at least what the essence says, at every depth."""
    return all(
        contains(setting.get(name, {}), value) if isinstance(value, Mapping) else setting.get(name) == value
        for name, value in essence.items()
    )


def test_what_is_found_is_what_was_planted(found: dict[Key, dict[str, Any]]) -> None:
    planted = {key_of(expectation) for expectation in expectations()}
    missed, unexpected = planted - set(found), set(found) - planted
    assert not missed, f"planted and not found: {sorted(missed, key=str)}"
    assert not unexpected, f"flagged and not planted: {sorted(unexpected, key=str)}"


def test_no_healthy_table_is_flagged(found: dict[Key, dict[str, Any]]) -> None:
    flagged = {(account_id, region, table) for _, account_id, region, table, _ in found}
    assert not [
        table for table in healthy_tables() if (table.account_id, table.region, table.table_name) in flagged
    ]


@pytest.mark.parametrize("expectation", expectations(), ids=lambda e: "-".join(filter(None, key_of(e))))
def test_a_planted_waste_is_found_with_its_setting_and_saving(
    expectation: Expectation, found: dict[Key, dict[str, Any]]
) -> None:
    row = found[key_of(expectation)]
    setting = json.loads(row["recommended_setting"])
    assert contains(setting, expectation.recommended_setting), setting

    least, greatest = expectation.saving.bounds_usd()
    assert Decimal(repr(least - BY_HAND)) <= row["monthly_savings_usd"] <= Decimal(repr(greatest + BY_HAND))
    assert row["monthly_savings_usd"] == row["current_monthly_cost_usd"] - row["projected_monthly_cost_usd"]
    assert row["annual_savings_usd"] == 12 * row["monthly_savings_usd"]
