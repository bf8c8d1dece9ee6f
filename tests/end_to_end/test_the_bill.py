"""The bill of the sandbox, computed by rules of its own, against what the models say of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from demo_run import Demo

from optima.sandbox import SandboxConfig
from optima.sandbox.billing.bill import bill, months
from optima.sandbox.planting import build

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
