"""A workspace as a build leaves it, written without dbt: four pieces of advice in two accounts."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import duckdb

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
STANDARD, INFREQUENT = {"table_class": "STANDARD"}, {"table_class": "STANDARD_INFREQUENT_ACCESS"}
LARGE, SMALL = (
    {"read": {"units": 10_000}, "write": {"units": 10}},
    {"read": {"units": 313}, "write": {"units": 10}},
)

# id, kind, table, index, now, afterwards (settings), now, afterwards (USD a month), advice, status
ADVICE = [
    ("a1", "capacity_mode", "orders", None, ON_DEMAND, AUTOSCALED, "22.995", "9.9645", "change", "pending"),
    ("a2", "table_class", "archive", None, STANDARD, INFREQUENT, "350.00", "244.00", "change", "accepted"),
    ("a3", "utilization", "orders", "by-day", LARGE, SMALL, "949", "29.7037", "change", "pending"),
    ("a4", "utilization", "users", None, SMALL, SMALL, "29.7037", "29.7037", "keep", "pending"),
]

_MARTS = """
    create schema marts;
    create schema intermediate;
    create table marts.recommendations (
        recommendation_id varchar, kind varchar, account_id varchar, account_name varchar, region varchar,
        table_name varchar, index_name varchar, current_setting varchar, recommended_setting varchar,
        current_monthly_cost_usd decimal(28, 10), projected_monthly_cost_usd decimal(28, 10),
        monthly_savings_usd decimal(28, 10), annual_savings_usd decimal(28, 10),
        confidence varchar, risk varchar, reason varchar, status varchar,
        window_start timestamp, window_end timestamp, advice varchar
    );
    create table marts.savings_summary as
    select 'capacity_mode' as kind, 1 as changes_open, 13.0305::decimal(28, 10) as open_monthly_savings_usd
    union all select 'table_class', 1, 106
    union all select 'utilization', 1, 919.2963;
    create table marts.dim_tables as
    select '012345678901' as account_id, 'us-east-1' as region, name as table_name
    from (values ('orders'), ('archive'), ('users')) as tables (name);
    create table marts.dim_indexes as select 'orders' as table_name, 'by-day' as index_name;
    create table intermediate.int_demand__days_arrayed (
        updated_at timestamp, account_id varchar, region varchar,
        resource_name varchar, day date, reads double[], writes double[],
        read_capacity double[], write_capacity double[], read_throttles double[], write_throttles double[]
    );
"""


def build(root: Path) -> Workspace:
    """Make the workspace, its warehouse and its published marts."""
    workspace = Workspace.at(root)
    workspace.create()
    window = (datetime(2026, 10, 18), datetime(2026, 11, 1))
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute(_MARTS)
        for name, kind, table, index, now, then, cost, projected, advice, status in ADVICE:
            values = [
                *(name, kind, "012345678901", "payments", "us-east-1", table, index),
                *(json.dumps(now), json.dumps(then), cost, projected),
                *("high", "low", f"Because of {table}.", status, *window, advice),
            ]
            connection.execute(
                """
                insert into marts.recommendations
                select
                    $1, $2, $3, $4, $5, $6, $7, $8, $9,
                    now, projected, now - projected, (now - projected) * 12,
                    $12, $13, $14, $15, $16, $17, $18
                from (select $10::decimal(28, 10) as now, $11::decimal(28, 10) as projected)
                """,
                values,
            )
        for kind in ("capacity_mode", "table_class", "utilization"):
            of_kind = f"from marts.recommendations where kind = '{kind}'"
            connection.execute(f"create table marts.{kind}_recommendations as {of_kind}")
    publish(workspace, window[1])
    return workspace
