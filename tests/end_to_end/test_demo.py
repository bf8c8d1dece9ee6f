"""The demo: what it prints and leaves, what it finds of what is planted, and its models against the bill.

Every planted waste is found, with its saving as worked out by hand, and nothing healthy is flagged. The bill
is the sandbox's, by rules of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from demo_run import Demo, dynamodb_optima

from optima.sandbox import Expectation, SandboxConfig, expectations, healthy_tables
from optima.sandbox.billing.bill import bill, months
from optima.sandbox.planting import build

LISTED = [
    "recommendation_id",
    "kind",
    "account_id",
    "account_name",
    "region",
    "table_name",
    "index_name",
    "current_setting",
    "recommended_setting",
    "current_monthly_cost_usd",
    "projected_monthly_cost_usd",
    "monthly_savings_usd",
    "annual_savings_usd",
    "confidence",
    "risk",
    "reason",
    "status",
    "window_start",
    "window_end",
    "price_basis",
    "list_current_cost_usd",
    "list_projected_cost_usd",
    "list_monthly_savings_usd",
    "model_error_pct",
    "stranded_commitment_usd",
    "decided_at",
    "decided_by",
    "decision_reason",
    "snoozed_until",
]


def test_the_output_tells_what_was_found_and_how_to_go_on(demo: Demo) -> None:
    assert "Discovered 60 DynamoDB tables across 7 accounts" in demo.output
    totals = demo.rows("select sum(monthly_savings_usd) as usd from recommendations group by kind")
    assert len(totals) == 4
    for total in totals:
        assert f"Save ${total['usd']:,.2f}/month" in demo.output
    assert re.search(r"dynamodb-optima --project-root \S+ gui", demo.output)


def test_the_list_as_json_has_the_promised_columns(demo: Demo) -> None:
    listed = dynamodb_optima(
        "--project-root", str(demo.workspace), "list-recommendations", "--format", "json"
    )
    rows = json.loads(listed.stdout)
    assert len(rows) == 78
    for row in rows:
        assert list(row) == LISTED
        assert isinstance(row["recommended_setting"], dict)
        assert row["status"] == "pending"


def test_every_table_has_an_answer_of_each_kind_in_a_sentence(demo: Demo) -> None:
    rows = demo.rows("select kind, table_name, reason from recommendations")
    answered = {
        kind: [row for row in rows if row["kind"] == kind]
        for kind in ("best_plan", "capacity_mode", "table_class")
    }
    assert {kind: len(answers) for kind, answers in answered.items()} == {
        "best_plan": 60,
        "capacity_mode": 60,
        "table_class": 60,
    }
    for row in rows:
        assert re.fullmatch(r"[A-Z0-9].*\.", row["reason"]), row
        assert not re.search(r" [,;:.)]|\( |NULL|None|nan", row["reason"]), row


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


OCTOBER = date(2026, 10, 1)


def test_every_table_is_modelled_to_the_cent_of_what_is_billed(demo: Demo) -> None:
    rows = [row for row in demo.rows("select * from cost_reconciliation") if row["compared_hours"]]
    assert len(rows) == 60
    assert {row["billing_month"] for row in rows} == {OCTOBER}
    assert max(abs(row["error_usd"]) for row in rows) < Decimal("0.01")
    assert not any(row["is_off"] for row in rows)


def test_what_was_bought_ahead_is_read_from_the_bill(demo: Demo) -> None:
    """The unused reservation costs 100 units × 744 hours × (0.000157 + 1.83 / 8,760), less 5 %."""
    rows = demo.rows(f"select * from commitment_utilization where billing_month = '{OCTOBER}'")
    used = {(row["kind"], row["region"]): (row["utilization_pct"], row["is_flagged"]) for row in rows}
    assert used == {
        ("reserved", "eu-west-1"): (pytest.approx(100), False),
        ("reserved", "eu-central-1"): (0, True),
        ("savings_plan", None): (pytest.approx(100), False),
    }
    (unused,) = [row for row in rows if row["region"] == "eu-central-1"]
    assert float(unused["unused_usd"]) == pytest.approx(0.95 * 74_400 * (0.000157 + 1.83 / 8760), abs=1e-8)


def test_costs_add_up_to_the_bill(demo: Demo) -> None:
    """Of DynamoDB and of the plan's fee; what cannot be put on a table is among them."""
    rows = demo.rows(
        """select billing_month, sum(net_cost) as net_cost from fct_dynamodb_costs
        group by all order by billing_month"""
    )
    organisation = build(SandboxConfig(end=datetime(2026, 11, 1)))
    billed = {
        month.start.date(): sum(
            float(lines.net_costs.sum())
            for lines in bill(organisation, month)
            if lines.net_costs is not None
            and (
                lines.origin.product_code == "AmazonDynamoDB" or lines.line_type == "SavingsPlanRecurringFee"
            )
        )
        for month in months(organisation)
    }
    assert {row["billing_month"]: float(row["net_cost"]) for row in rows} == {
        month: pytest.approx(cost, abs=1e-5) for month, cost in billed.items()
    }
