"""The marts that `explain` reads, written without dbt: tables, their plans and the lines of these."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import bill_rows
import duckdb
from published_marts import ADVICE

ACCOUNT = {"account_id": "012345678901", "account_name": "payments"}
STANDARD, INFREQUENT = "STANDARD", "STANDARD_INFREQUENT_ACCESS"
HOURS = 730
# USD of a unit, us-east-1, by mode, class and component.
PRICES = {
    ("request units", STANDARD, "read"): "0.000000125",
    ("request units", STANDARD, "write"): "0.000000625",
    ("request units", INFREQUENT, "read"): "0.000000155",
    ("request units", INFREQUENT, "write"): "0.00000078",
    ("unit-hours", STANDARD, "read"): "0.00013",
    ("unit-hours", STANDARD, "write"): "0.00065",
    ("unit-hours", INFREQUENT, "read"): "0.00016",
    ("unit-hours", INFREQUENT, "write"): "0.00081",
    ("GB-months", STANDARD, "storage"): "0.25",
    ("GB-months", INFREQUENT, "storage"): "0.10",
}

_USD, _QUANTITY = "decimal(28, 10)", "decimal(28, 6)"
_TABLE = {"account_id": "varchar", "region": "varchar", "table_name": "varchar"}
_SHARES = ("mean", "p50", "p90", "p95", "p99", "max")
# The columns of each mart that are read, with their types.
COLUMNS = {
    "recommendations": ADVICE | {"status": "varchar"},
    "capacity_mode_recommendations": ADVICE
    | {
        "on_demand_monthly_cost_usd": _USD,
        "provisioned_monthly_cost_usd": _USD,
        "provisioned_cautious_monthly_cost_usd": _USD,
        "decision_savings_usd": _USD,
        "break_even_utilization": "double",
        "write_break_even_utilization": "double",
        "simulated_read_unit_hours": "double",
        "simulated_write_unit_hours": "double",
        "simulated_read_greatest_units": "double",
        "simulated_write_greatest_units": "double",
        "simulated_throttled_minutes": "bigint",
        "simulated_throttled_units": "double",
    },
    "table_class_recommendations": ADVICE
    | {
        "standard_storage_cost_usd": _USD,
        "standard_throughput_cost_usd": _USD,
        "ia_storage_cost_usd": _USD,
        "ia_throughput_cost_usd": _USD,
        "storage_gb": _QUANTITY,
        "ratio": "double",
        "breakeven_ratio": "double",
        "source_of_usage": "varchar",
    },
    "utilization_recommendations": ADVICE
    | {"resource_key": "varchar"}
    | {f"{d}_{share}_utilization": "double" for d in ("read", "write") for share in _SHARES}
    | {f"{d}_stored_peak_units_per_second": "double" for d in ("read", "write")},
    "best_plans": ADVICE
    | {
        "table_key": "varchar",
        "decision_key": "varchar",
        "current_plan": "varchar",
        "plan": "varchar",
        "current_table_class": "varchar",
        "recommended_table_class": "varchar",
        "changes": "integer",
        "storage_gb": _QUANTITY,
        "storage_source": "varchar",
        "current_storage_cost_usd": _USD,
        "current_throughput_cost_usd": _USD,
        "projected_storage_cost_usd": _USD,
        "projected_throughput_cost_usd": _USD,
        "decision_savings_usd": _USD,
        "alternatives": "varchar",
    },
    "plan_alternatives": {
        "plan_alternative_key": "varchar",
        "table_key": "varchar",
        "decision_key": "varchar",
        **_TABLE,
        "plan": "varchar",
        "table_class": "varchar",
        "setting": "varchar",
        "storage_cost_usd": _USD,
        "throughput_cost_usd": _USD,
        "monthly_cost_usd": _USD,
        "monthly_savings_usd": _USD,
        "list_monthly_cost_usd": _USD,
        "list_monthly_savings_usd": _USD,
        "changes": "integer",
        "is_current": "boolean",
        "is_chosen": "boolean",
        "guard": "varchar",
        "guard_reason": "varchar",
        "rank_by_cost": "bigint",
    },
    "plan_cost_lines": {
        "plan_cost_line_key": "varchar",
        "plan_alternative_key": "varchar",
        "table_key": "varchar",
        "resource_key": "varchar",
        **_TABLE,
        "index_name": "varchar",
        "plan": "varchar",
        "table_class": "varchar",
        "component": "varchar",
        "setting": "varchar",
        "unit": "varchar",
        "monthly_quantity": _QUANTITY,
        "sunk_quantity": _QUANTITY,
        "free_share": "double",
        "paid_quantity": _QUANTITY,
        "price_usd": "decimal(20, 12)",
        "sunk_plan_usd": _USD,
        "cost_usd": _USD,
        "list_cost_usd": _USD,
        "cautious_cost_usd": _USD,
        "least_units": "double",
        "greatest_units": "double",
        "throttled_minutes": "bigint",
    },
    "dim_tables": {
        "table_key": "varchar",
        "account_id": "varchar",
        "account_name": "varchar",
        "ou_path": "varchar",
        "region": "varchar",
        "table_name": "varchar",
        "billing_mode": "varchar",
        "table_class": "varchar",
        "is_read_autoscaled": "boolean",
        "is_write_autoscaled": "boolean",
        "is_replicated": "boolean",
        "index_count": "bigint",
    },
    "dim_indexes": {**_TABLE, "index_name": "varchar"},
    "collection_coverage": {"resource_key": "varchar", "known_minutes": "bigint"},
    "fct_capacity_daily": {
        "resource_key": "varchar",
        **_TABLE,
        "read_units": "double",
        "write_units": "double",
    },
    "savings_summary": {"kind": "varchar", "changes_open": "bigint", "open_monthly_savings_usd": _USD},
    **bill_rows.COLUMNS,
}


@dataclass
class Line:
    """A cost line; what it costs is worked out as the definition says, once, here."""

    component: str
    unit: str
    quantity: str
    setting: Mapping[str, Any] | None = None
    index_name: str | None = None
    sunk: str = "0"
    free_share: float = 0.0
    sunk_plan: str = "0"
    cautious: str | None = None
    simulated: tuple[float, float, int] | None = None

    def row(self, table_class: str) -> dict[str, Any]:
        """Return the line as a row of plan_cost_lines."""
        price = Decimal(PRICES[self.unit, table_class, self.component])
        beyond = Decimal(self.quantity) - Decimal(self.sunk)
        paid = beyond * (1 - Decimal(str(self.free_share)))
        least, greatest, throttled = self.simulated or (None, None, None)
        return {
            "index_name": self.index_name,
            "component": self.component,
            "setting": json.dumps(self.setting) if self.setting else None,
            "unit": self.unit,
            "monthly_quantity": Decimal(self.quantity),
            "sunk_quantity": Decimal(self.sunk),
            "free_share": self.free_share,
            "paid_quantity": paid,
            "price_usd": price,
            "sunk_plan_usd": Decimal(self.sunk_plan),
            "cost_usd": paid * price - Decimal(self.sunk_plan),
            "list_cost_usd": paid * price - Decimal(self.sunk_plan),
            "cautious_cost_usd": None if self.cautious is None else Decimal(self.cautious),
            "least_units": least,
            "greatest_units": greatest,
            "throttled_minutes": throttled,
        }


@dataclass
class Marts:
    """Rows of the marts by name; what a row leaves out is null."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in COLUMNS})

    def table(self, region: str, name: str, **columns: Any) -> dict[str, Any]:
        """Add a table, on-demand of class Standard unless said otherwise; return where it is."""
        where = {**ACCOUNT, "region": region, "table_name": name}
        defaults = {
            "table_key": f"{region}/{name}",
            "billing_mode": "PAY_PER_REQUEST",
            "table_class": STANDARD,
            "is_read_autoscaled": False,
            "is_write_autoscaled": False,
            "is_replicated": False,
            "index_count": 0,
        }
        self.rows["dim_tables"].append(where | defaults | columns)
        return where

    def plan(
        self,
        where: Mapping[str, Any],
        plan: str,
        table_class: str,
        lines: Iterable[Line],
        **columns: Any,
    ) -> Decimal:
        """Add an alternative with its lines; return what it costs."""
        key = f"{where['region']}/{where['table_name']}/{plan}/{table_class}"
        rows = [line.row(table_class) for line in lines]
        for row in rows:
            resource = "/".join(filter(None, (where["region"], where["table_name"], row["index_name"])))
            self.rows["plan_cost_lines"].append(
                {
                    **where,
                    **row,
                    "plan_alternative_key": key,
                    "resource_key": resource,
                    "plan": plan,
                    "table_class": table_class,
                }
            )
        storage = sum((row["cost_usd"] for row in rows if row["component"] == "storage"), Decimal(0))
        total = sum((row["cost_usd"] for row in rows), Decimal(0))
        self.rows["plan_alternatives"].append(
            {
                **where,
                "plan_alternative_key": key,
                "plan": plan,
                "table_class": table_class,
                "setting": "{}",
                "storage_cost_usd": storage,
                "throughput_cost_usd": total - storage,
                "monthly_cost_usd": total,
                "list_monthly_cost_usd": total,
                "list_monthly_savings_usd": columns.get("monthly_savings_usd"),
                "is_current": False,
                "is_chosen": False,
                **columns,
            }
        )
        return total

    def write(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Create the marts and fill them."""
        for name, columns in COLUMNS.items():
            described = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            connection.execute(f"create table marts.{name} ({described})")
            values = [[row.get(column) for column in columns] for row in self.rows[name]]
            if values:
                marks = ", ".join("?" * len(columns))
                connection.executemany(f"insert into marts.{name} values ({marks})", values)
