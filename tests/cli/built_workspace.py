"""A workspace as a build leaves it, written without dbt: advice of every kind, and plans."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import bill_rows
import duckdb
from planned_tables import ACCOUNT, HOURS, INFREQUENT, STANDARD, Line, Marts

from optima.publish import publish
from optima.workspace import Workspace

ON_DEMAND = {"billing_mode": "PAY_PER_REQUEST"}
AUTOSCALED = {
    "billing_mode": "PROVISIONED",
    "read": {"min": 1, "max": 200, "target": 0.7},
    "write": {"min": 1, "max": 10, "target": 0.7},
    "indexes": {
        "by-day": {"read": {"min": 1, "max": 20, "target": 0.7}, "write": {"min": 1, "max": 2, "target": 0.5}}
    },
}
IN_STANDARD, IN_INFREQUENT = {"table_class": STANDARD}, {"table_class": INFREQUENT}
LARGE, SMALL = (
    {"read": {"units": 10_000}, "write": {"units": 10}},
    {"read": {"units": 313}, "write": {"units": 10}},
)
FIXED = {"billing_mode": "PROVISIONED", "table_class": STANDARD, "read": {"units": 1000}}

# id, kind, table, index, now, afterwards (settings), now, afterwards (USD a month), advice, status
ADVICE = [
    ("a1", "capacity_mode", "orders", None, ON_DEMAND, AUTOSCALED, "22.995", "9.9645", "change", "pending"),
    (
        *("a2", "table_class", "archive", None, IN_STANDARD, IN_INFREQUENT),
        *("267.425", "216.80", "change", "accepted"),
    ),
    ("a3", "utilization", "orders", "by-day", LARGE, SMALL, "949", "29.7037", "change", "pending"),
    ("a4", "utilization", "users", None, SMALL, SMALL, "29.7037", "29.7037", "keep", "pending"),
    (
        *("p1", "best_plan", "orders", None, ON_DEMAND | IN_STANDARD, AUTOSCALED | IN_STANDARD),
        *("116.745", "103.7145", "change", "pending"),
    ),
    (
        *("p2", "best_plan", "archive", None, FIXED, FIXED | IN_INFREQUENT),
        *("267.425", "216.80", "change", "accepted"),
    ),
    ("p3", "best_plan", "users", None, SMALL, SMALL, "29.7037", "29.7037", "keep", "pending"),
]
WINDOW = (datetime(2026, 10, 18), datetime(2026, 11, 1))

_POLICY = {"min": 1, "max": 200, "target": 0.7}
_READ_REQUESTS = Line("read", "request units", "183960000")
_NO_WRITES = Line("write", "request units", "0")
_STORAGE = Line("storage", "GB-months", "400", free_share=0.0625)
_ARCHIVED = Line(
    "read",
    "unit-hours",
    str(1000 * HOURS),
    {"units": 1000},
    sunk="500000",
    free_share=0.25,
    sunk_plan="5",
)


def marts() -> Marts:
    """Return what is published: `orders` on-demand, `archive` and `users` fixed, `carts` replicated."""
    made = Marts()
    orders = made.table("us-east-1", "orders", index_count=1, ou_path="Root/Shops")
    archive = made.table("us-east-1", "archive", billing_mode="PROVISIONED")
    users = made.table("us-east-1", "users", billing_mode="PROVISIONED")
    for region in ("us-east-1", "eu-west-1"):
        made.table(region, "carts", is_replicated=True)
    made.rows["dim_indexes"].append({**orders, "index_name": "by-day"})
    for advice in ADVICE:
        _advise(made, *advice)
    _plan_orders(made, orders)
    _plan_archive(made, archive)
    lines = [
        Line("read", "unit-hours", str(313 * HOURS), {"units": 313}),
        Line("write", "unit-hours", str(10 * HOURS), {"units": 10}),
    ]
    made.plan(users, "as_is", STANDARD, lines, is_current=True, is_chosen=True, changes=0, rank_by_cost=1)
    _see(made)
    bill_rows.add(made.rows)
    for kind, changes, saved in (
        ("best_plan", 2, "63.6555"),
        ("capacity_mode", 1, "13.0305"),
        ("table_class", 1, "50.625"),
        ("utilization", 1, "919.2963"),
    ):
        row = {"kind": kind, "changes_open": changes, "open_monthly_savings_usd": Decimal(saved)}
        made.rows["savings_summary"].append(row)
    return made


def _plan_orders(made: Marts, where: dict[str, Any]) -> None:
    """Case 1 of the definition, with 400 GB of which the pool's free tier covers a sixteenth."""
    made.plan(
        where,
        "as_is",
        STANDARD,
        [_READ_REQUESTS, _NO_WRITES, _STORAGE],
        is_current=True,
        changes=0,
        rank_by_cost=4,
    )
    made.plan(
        where,
        "provisioned_autoscaled",
        STANDARD,
        [
            Line("read", "unit-hours", "73000", _POLICY, cautious="9.5", simulated=(80.0, 143.0, 1)),
            Line("write", "unit-hours", "730", _POLICY, cautious="0.4745", simulated=(1.0, 1.0, 0)),
            _STORAGE,
        ],
        is_chosen=True,
        changes=1,
        monthly_savings_usd=Decimal("13.0305"),
        rank_by_cost=3,
    )
    made.plan(
        where,
        "provisioned_fixed",
        STANDARD,
        [
            Line("read", "unit-hours", str(88 * HOURS), {"units": 88}),
            Line("write", "unit-hours", str(HOURS), {"units": 1}),
            _STORAGE,
        ],
        changes=1,
        monthly_savings_usd=Decimal("14.1693"),
        guard="autoscaled_preferred",
        guard_reason="Fixed capacity saves only 1.14 USD more than autoscaled.",
        rank_by_cost=2,
    )
    made.plan(
        where,
        "as_is",
        INFREQUENT,
        [_READ_REQUESTS, _NO_WRITES, Line("storage", "GB-months", "400")],
        changes=1,
        monthly_savings_usd=Decimal("48.2312"),
        guard="class_changed_recently",
        guard_reason="Its class was changed on 2026-10-20, and AWS allows two changes in 30 days.",
        rank_by_cost=1,
    )


def _plan_archive(made: Marts, where: dict[str, Any]) -> None:
    """1000 RCU, of which a reservation, the free tier and a Savings Plan each cover a part, and 1000 GB."""
    made.plan(
        where,
        "as_is",
        STANDARD,
        [_ARCHIVED, Line("storage", "GB-months", "1000")],
        is_current=True,
        changes=0,
        rank_by_cost=2,
    )
    made.plan(
        where,
        "as_is",
        INFREQUENT,
        [
            Line("read", "unit-hours", str(1000 * HOURS), {"units": 1000}),
            Line("storage", "GB-months", "1000"),
        ],
        is_chosen=True,
        changes=1,
        monthly_savings_usd=Decimal("50.625"),
        rank_by_cost=1,
    )


def _see(made: Marts) -> None:
    """Add what was seen of `orders`: 70 reads a second in every minute of fourteen days."""
    where = {**ACCOUNT, "region": "us-east-1", "table_name": "orders", "resource_key": "us-east-1/orders"}
    made.rows["collection_coverage"].append({"resource_key": "us-east-1/orders", "known_minutes": 20_160})
    for _ in range(14):
        made.rows["fct_capacity_daily"].append({**where, "read_units": 70 * 86_400.0, "write_units": 0.0})


_PARTICULARS: dict[str, dict[str, Any]] = {
    "a1": {
        "on_demand_monthly_cost_usd": Decimal("22.995"),
        "provisioned_monthly_cost_usd": Decimal("9.9645"),
        "provisioned_cautious_monthly_cost_usd": Decimal("9.9745"),
        "decision_savings_usd": Decimal("13.0305"),
        "break_even_utilization": 0.28888,
        "write_break_even_utilization": 0.28888,
        "simulated_read_unit_hours": 33_600.0,
        "simulated_write_unit_hours": 336.0,
        "simulated_read_greatest_units": 100.0,
        "simulated_write_greatest_units": 1.0,
        "simulated_throttled_minutes": 0,
        "simulated_throttled_units": 0.0,
    },
    "a2": {
        "standard_storage_cost_usd": Decimal("250"),
        "standard_throughput_cost_usd": Decimal("17.425"),
        "ia_storage_cost_usd": Decimal("100"),
        "ia_throughput_cost_usd": Decimal("116.80"),
        "storage_gb": Decimal("1000"),
        "ratio": 14.3472,
        "breakeven_ratio": 0.41,
        "source_of_usage": "billing export",
    },
    "a3": {
        "resource_key": "us-east-1/orders/by-day",
        **{f"read_{share}_utilization": 0.02 for share in ("mean", "p50", "p90", "p95", "p99", "max")},
        "read_stored_peak_units_per_second": 250.0,
    },
    "a4": {"resource_key": "us-east-1/users"},
    "p1": {"decision_savings_usd": Decimal("13.0305"), "storage_source": "billing export"},
    "p2": {"decision_savings_usd": Decimal("50.625"), "storage_source": "reported size"},
}


def _advise(made: Marts, name: str, kind: str, table: str, index: str | None, *rest: Any) -> None:
    now, then, cost, projected, advice, status = rest
    saved = Decimal(cost) - Decimal(projected)
    row = {
        **ACCOUNT,
        "recommendation_id": name,
        "kind": kind,
        "region": "us-east-1",
        "table_name": table,
        "index_name": index,
        "current_setting": json.dumps(now),
        "recommended_setting": json.dumps(then),
        "current_monthly_cost_usd": Decimal(cost),
        "projected_monthly_cost_usd": Decimal(projected),
        "monthly_savings_usd": saved,
        "annual_savings_usd": 12 * saved,
        "list_current_cost_usd": Decimal(cost),
        "list_projected_cost_usd": Decimal(projected),
        "list_monthly_savings_usd": saved,
        "price_basis": "list",
        "price_source": "price list",
        "price_effective_on": date(2026, 10, 1),
        "window_start": WINDOW[0],
        "window_end": WINDOW[1],
        "coverage_ratio": 1.0,
        "confidence": "high",
        "risk": "low",
        "advice": advice,
        "keep_reason": "well_used" if advice == "keep" else None,
        "reason": f"Because of {table}.",
    }
    made.rows["recommendations"].append(row | {"status": status})
    mart = "best_plans" if kind == "best_plan" else f"{kind}_recommendations"
    made.rows[mart].append(row | _PARTICULARS.get(name, {}))


def build(root: Path) -> Workspace:
    """Make the workspace, its warehouse and its published marts."""
    workspace = Workspace.at(root)
    workspace.create()
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("create schema marts; create schema intermediate")
        connection.execute(
            """
            create table intermediate.int_demand__days_arrayed (
                updated_at timestamp, account_id varchar, region varchar,
                resource_name varchar, day date, reads double[], writes double[],
                read_capacity double[], write_capacity double[],
                read_throttles double[], write_throttles double[]
            )
            """
        )
        marts().write(connection)
    publish(workspace, WINDOW[1])
    return workspace
