"""A small organisation as a published build holds it, written without dbt: what the pages read of it."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import yaml

from optima.published import Build, build_at
from optima.workspace import Workspace

PAYMENTS, ANALYTICS, LOCKED = "012345678901", "111111111111", "222222222222"

_MARTS = Path(__file__).parents[2] / "models" / "marts"
_MONEY = "decimal(28,10)"


@cache
def contracts() -> dict[str, dict[str, str]]:
    """Return the columns of every mart with their types, as the marts' contracts promise them."""
    files = [yaml.load(file.read_bytes(), yaml.CSafeLoader) for file in sorted(_MARTS.glob("*/*.yml"))]
    return {
        model["name"]: {column["name"]: column["data_type"] for column in model["columns"]}
        for file in files
        for model in file.get("models", [])
    }


# What a published file holds besides the marts.
BESIDES = {
    "publication": {"build_id": "varchar", "published_at": "timestamp", "as_of": "timestamp"},
    "publications": {
        "build_id": "varchar",
        "published_at": "timestamp",
        "as_of": "timestamp",
        "current_monthly_cost_usd": _MONEY,
        "monthly_savings_usd": _MONEY,
        "changes": "bigint",
    },
    "previous_recommendations": {
        "recommendation_id": "varchar",
        "kind": "varchar",
        "account_id": "varchar",
        "region": "varchar",
        "table_name": "varchar",
        "index_name": "varchar",
        "advice": "varchar",
        "recommended_setting": "varchar",
        "current_monthly_cost_usd": _MONEY,
        "monthly_savings_usd": _MONEY,
    },
    "minute_files": {"day": "date", "file": "varchar", "fingerprint": "varchar"},
}
_OF_DECISIONS = {"status", "decided_at", "decided_by", "decision_reason", "snoozed_until", "decision_key"}
# Of every kind of advice.
ADVICE = {name: kind for name, kind in contracts()["recommendations"].items() if name not in _OF_DECISIONS}

# What a recommendation's row has of its table's.
_OF_TABLES = ("account_id", "account_name", "ou_path", "region", "table_name")
ON_DEMAND = {"billing_mode": "PAY_PER_REQUEST"}
AUTOSCALED = {
    "billing_mode": "PROVISIONED",
    "read": {"min": 100, "max": 1200, "target": 0.7},
    "write": {"min": 1, "max": 10, "target": 0.7},
}


Row = dict[str, Any]


@dataclass
class Organisation:
    """Rows by mart; what a row leaves out is null or the default of the method that adds it.

    Attributes:
        window_end: The end of the window that was analysed (UTC), which is also the build's `as_of`.
        rows: The rows of every mart and of the tables besides them, by its name. `publish` adds
            those of the build itself to `publication` and `publications`.
    """

    window_end: datetime
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    @property
    def recommendations(self) -> list[Row]:
        """Recommendations of any kind."""
        return self.rows["recommendations"]

    @property
    def coverage(self) -> list[Row]:
        """What was collected of each table and index."""
        return self.rows["collection_coverage"]

    @property
    def classes(self) -> list[Row]:
        """Advice on table classes."""
        return self.rows["table_class_recommendations"]

    @property
    def accounts(self) -> list[Row]:
        """Accounts."""
        return self.rows["dim_accounts"]

    @property
    def tables(self) -> list[Row]:
        """Tables."""
        return self.rows["dim_tables"]

    def add(self, mart: str, **columns: Any) -> Row:
        """Add one row of any mart and return it."""
        self.rows[mart].append(columns)
        return columns

    @property
    def window_start(self) -> datetime:
        """Fourteen days before the end."""
        return self.window_end - timedelta(days=14)

    def account(
        self,
        account_id: str,
        name: str,
        state: str = "ACTIVE",
        outcome: str = "read",
        ou_path: str | None = None,
    ) -> None:
        """Add an account."""
        self.add(
            "dim_accounts",
            account_id=account_id,
            account_name=name,
            ou_path=ou_path,
            state=state,
            last_read_outcome=outcome,
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
        tags: Mapping[str, str] | None = None,
        **columns: Any,
    ) -> None:
        """Add a table, its known and unknown minutes, and whether a billing export names it."""
        where = {"account_id": account_id, "region": region, "table_name": name}
        account = self._account(account_id)
        known, gap = minutes
        window = {"window_end": self.window_end, "staleness_minutes": staleness_minutes}
        self.classes.append({**where, "source_of_usage": "billing export" if is_billed else "modelled"})
        self.tables.append(
            {
                **where,
                "table_key": table_key(account_id, region, name),
                "account_name": account["account_name"],
                "ou_path": account["ou_path"],
                "tags": None if tags is None else json.dumps(tags),
                **columns,
            }
        )
        self.coverage.append({**where, **window, "known_minutes": known, "gap_minutes": gap})

    def recommend(self, kind: str, table: str, costs: tuple[str, str], **columns: Any) -> None:
        """Advise on a table that was added before; costs are now and afterwards, USD a month."""
        where = next(row for row in self.tables if row["table_name"] == table)
        now, afterwards = (Decimal(cost) for cost in costs)
        self.recommendations.append(
            {
                **{name: where[name] for name in _OF_TABLES},
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

    def previously(self, kind: str, table: str, saved: str, advice: str = "change", **columns: Any) -> None:
        """Say what the build before advised: USD a month that it saved. Columns are those of no table now."""
        where = next((row for row in self.tables if row["table_name"] == table), columns)
        self.add(
            "previous_recommendations",
            recommendation_id=f"{kind}-{table}-",
            kind=kind,
            account_id=where["account_id"],
            region=where["region"],
            table_name=table,
            advice=advice,
            recommended_setting="{}",
            monthly_savings_usd=Decimal(saved),
        )

    def _account(self, account_id: str) -> Row:
        return next(row for row in self.accounts if row["account_id"] == account_id)


def table_key(account_id: str, region: str, name: str) -> str:
    """Return what the rows of these marts have for the hash of a table."""
    return f"{account_id}/{region}/{name}"


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


def publish(
    root: Path,
    made: Organisation,
    published_at: datetime,
    *,
    without: Iterable[str] = (),
) -> Build:
    """Write a build into the workspace at `root` and make it current, as publishing does.

    `without` names what an older version did not publish: a table (`publications`) or a column
    (`dim_tables.tags`).
    """
    workspace = Workspace.at(root)
    workspace.data.mkdir(parents=True, exist_ok=True)
    build = build_at(workspace, published_at)
    instants = {"build_id": build.build_id, "published_at": published_at, "as_of": made.window_end}
    best = [row for row in made.recommendations if row["kind"] == "best_plan"]
    total = {
        name: sum(row[name] for row in best) for name in ("current_monthly_cost_usd", "monthly_savings_usd")
    }
    rows = {
        "publication": [instants],
        "publications": [
            *made.rows.get("publications", []),
            {**instants, **total, "changes": sum(row["advice"] == "change" for row in best)},
        ],
    }
    shutil.copyfile(_empty(), build.path)
    with duckdb.connect(str(build.path)) as connection:
        for name in without:
            mart, _, column = name.partition(".")
            change = f"alter table {mart} drop {column}" if column else f"drop table {mart}"
            connection.execute(change)
        connection.begin()
        for mart, added in (made.rows | rows).items():
            if mart not in without:
                _insert(connection, mart, added)
        connection.commit()
    workspace.current.write_text(build.path.name)
    return build


@cache
def _empty() -> Path:
    """Return a file with every table and no row; making one takes longer than filling it."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "empty.duckdb"
    with duckdb.connect(str(path)) as connection:
        for mart, columns in (contracts() | BESIDES).items():
            typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create table {mart} ({typed})")
    return path


def _insert(connection: duckdb.DuckDBPyConnection, mart: str, rows: Iterable[Row]) -> None:
    known = [name for name, *_ in connection.execute(f"from {mart} limit 0").description or ()]
    values = [[row.get(name) for name in known] for row in rows]
    if values:
        # One statement: a statement for each row takes ten times as long.
        one = f"({', '.join('?' * len(known))})"
        connection.execute(f"insert into {mart} values {', '.join([one] * len(values))}", [*chain(*values)])
