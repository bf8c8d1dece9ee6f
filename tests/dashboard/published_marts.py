"""A small organisation as a published build holds it, written without dbt: what the pages read of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from optima.published import Build, build_at
from optima.workspace import Workspace

PAYMENTS, ANALYTICS, LOCKED = "012345678901", "111111111111", "222222222222"

_MONEY = "decimal(28, 10)"
# Of every kind of advice.
ADVICE = {
    "recommendation_id": "varchar",
    "kind": "varchar",
    "account_id": "varchar",
    "account_name": "varchar",
    "ou_path": "varchar",
    "region": "varchar",
    "table_name": "varchar",
    "index_name": "varchar",
    "current_setting": "varchar",
    "recommended_setting": "varchar",
    "current_monthly_cost_usd": _MONEY,
    "projected_monthly_cost_usd": _MONEY,
    "monthly_savings_usd": _MONEY,
    "annual_savings_usd": _MONEY,
    "list_current_cost_usd": _MONEY,
    "list_projected_cost_usd": _MONEY,
    "list_monthly_savings_usd": _MONEY,
    "model_error_pct": "double",
    "stranded_commitment_usd": _MONEY,
    "price_basis": "varchar",
    "price_source": "varchar",
    "price_effective_on": "date",
    "window_start": "timestamp",
    "window_end": "timestamp",
    "coverage_ratio": "double",
    "confidence": "varchar",
    "risk": "varchar",
    "advice": "varchar",
    "keep_reason": "varchar",
    "reason": "varchar",
}
COLUMNS = {
    "recommendations": ADVICE | {"status": "varchar"},
    "table_class_recommendations": {
        "account_id": "varchar",
        "region": "varchar",
        "table_name": "varchar",
        "source_of_usage": "varchar",
    },
    "collection_coverage": {
        "account_id": "varchar",
        "region": "varchar",
        "table_name": "varchar",
        "index_name": "varchar",
        "window_end": "timestamp",
        "known_minutes": "bigint",
        "gap_minutes": "bigint",
        "staleness_minutes": "bigint",
    },
    "dim_accounts": {
        "account_id": "varchar",
        "account_name": "varchar",
        "ou_path": "varchar",
        "payer_account_id": "varchar",
        "state": "varchar",
        "is_management": "boolean",
        "last_seen_at": "timestamp",
        "last_read_outcome": "varchar",
    },
    "dim_tables": {
        "account_id": "varchar",
        "account_name": "varchar",
        "region": "varchar",
        "table_name": "varchar",
        "billing_mode": "varchar",
        "table_class": "varchar",
    },
}

ON_DEMAND = {"billing_mode": "PAY_PER_REQUEST"}
AUTOSCALED = {
    "billing_mode": "PROVISIONED",
    "read": {"min": 100, "max": 1200, "target": 0.7},
    "write": {"min": 1, "max": 10, "target": 0.7},
}


@dataclass
class Organisation:
    """Rows of the marts, by column; what a row leaves out is null or the default of `recommendation`."""

    window_end: datetime
    recommendations: list[dict[str, Any]] = field(default_factory=list)
    coverage: list[dict[str, Any]] = field(default_factory=list)
    classes: list[dict[str, Any]] = field(default_factory=list)
    accounts: list[dict[str, Any]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)

    @property
    def window_start(self) -> datetime:
        """Fourteen days before the end."""
        return self.window_end - timedelta(days=14)

    def account(self, account_id: str, name: str, state: str = "ACTIVE", outcome: str = "read") -> None:
        """Add an account."""
        self.accounts.append(
            {"account_id": account_id, "account_name": name, "state": state, "last_read_outcome": outcome}
        )

    def table(
        self,
        account_id: str,
        region: str,
        name: str,
        minutes: tuple[int, int] = (20_160, 0),
        *,
        staleness_minutes: int | None = 0,
        is_billed: bool = True,
    ) -> None:
        """Add a table, its known and unknown minutes, and whether a billing export names it."""
        where = {"account_id": account_id, "region": region, "table_name": name}
        known, gap = minutes
        window = {"window_end": self.window_end, "staleness_minutes": staleness_minutes}
        self.classes.append({**where, "source_of_usage": "billing export" if is_billed else "modelled"})
        self.tables.append({**where, "account_name": self._name(account_id)})
        self.coverage.append({**where, **window, "known_minutes": known, "gap_minutes": gap})

    def recommend(self, kind: str, table: str, costs: tuple[str, str], **columns: Any) -> None:
        """Advise on a table that was added before; costs are now and afterwards, USD a month."""
        where = next(row for row in self.tables if row["table_name"] == table)
        now, afterwards = (Decimal(cost) for cost in costs)
        self.recommendations.append(
            {
                **where,
                "recommendation_id": f"{kind}-{table}-{columns.get('index_name', '')}",
                "kind": kind,
                "current_setting": "{}",
                "recommended_setting": "{}",
                "current_monthly_cost_usd": now,
                "projected_monthly_cost_usd": afterwards,
                "monthly_savings_usd": now - afterwards,
                "annual_savings_usd": 12 * (now - afterwards),
                "price_basis": "list",
                "price_source": "price list",
                "window_start": self.window_start,
                "window_end": self.window_end,
                "coverage_ratio": 1.0,
                "confidence": "high",
                "risk": "low",
                "advice": "change" if now != afterwards else "keep",
                "status": "pending",
                **columns,
            }
        )

    def _name(self, account_id: str) -> str:
        return next(str(row["account_name"]) for row in self.accounts if row["account_id"] == account_id)


def organisation(window_end: datetime) -> Organisation:
    """Two accounts, two regions, five tables.

    Saved by plans 2019.3893; by each kind alone: capacity 913.0305, class 35.20, utilisation 931.1588.
    """
    made = Organisation(window_end)
    made.account(PAYMENTS, "payments")
    made.account(ANALYTICS, "analytics")
    made.table(PAYMENTS, "us-east-1", "prod-orders")
    made.table(PAYMENTS, "us-east-1", "prod-sessions")
    made.table(PAYMENTS, "eu-west-1", "_archive_2019_")
    made.table(ANALYTICS, "us-east-1", "prod-events")
    made.table(ANALYTICS, "eu-west-1", "test-events")
    made.recommend(
        "capacity_mode",
        "prod-orders",
        ("22.9950", "9.9645"),
        current_setting=json.dumps(ON_DEMAND),
        recommended_setting=json.dumps(AUTOSCALED),
        reason="Flat at 70 reads a second: provisioned costs 9.96 instead of 23.00.",
    )
    made.recommend("capacity_mode", "prod-sessions", ("1500", "600"), status="accepted", risk="medium")
    made.recommend("capacity_mode", "prod-events", ("700", "700"), keep_reason="already_best")
    made.recommend("table_class", "_archive_2019_", ("200", "164.80"), confidence="medium")
    made.recommend("table_class", "prod-orders", ("30", "30"), keep_reason="below_min_savings")
    made.recommend("utilization", "prod-events", ("949", "29.7037"))
    made.recommend("utilization", "test-events", ("47.45", "35.5875"), index_name="by-day")
    made.recommend(
        "best_plan",
        "prod-orders",
        ("52.9950", "39.9645"),
        current_setting=json.dumps(ON_DEMAND | {"table_class": "STANDARD"}),
        recommended_setting=json.dumps(AUTOSCALED | {"table_class": "STANDARD"}),
    )
    made.recommend("best_plan", "prod-sessions", ("1600", "560"))
    made.recommend("best_plan", "prod-events", ("1649", "729.7037"))
    made.recommend("best_plan", "_archive_2019_", ("200", "164.80"))
    made.recommend("best_plan", "test-events", ("47.45", "35.5875"))
    return made


def publish(root: Path, made: Organisation, published_at: datetime) -> Build:
    """Write a build into the workspace at `root` and make it current, as publishing does."""
    workspace = Workspace.at(root)
    workspace.data.mkdir(parents=True, exist_ok=True)
    build = build_at(workspace, published_at)
    with duckdb.connect(str(build.path)) as connection:
        _write(connection, "recommendations", made.recommendations)
        _write(connection, "table_class_recommendations", made.classes)
        _write(connection, "collection_coverage", made.coverage)
        _write(connection, "dim_accounts", made.accounts)
        _write(connection, "dim_tables", made.tables)
    workspace.current.write_text(build.path.name)
    return build


def _write(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    columns = COLUMNS[table]
    connection.execute(
        f"create table {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
    )
    values = [[row.get(name) for name in columns] for row in rows]
    if values:
        connection.executemany(f"insert into {table} values ({', '.join('?' * len(columns))})", values)
