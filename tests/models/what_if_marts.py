"""What the engine of what if reads, made by hand: one table in the marts, and its minutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from published_marts import contracts

from optima.what_if import Minutes, Table, minutes_of, read_table

STANDARD, IA = "STANDARD", "STANDARD_INFREQUENT_ACCESS"
ACCOUNT, REGION, NAME = "012345678901", "us-east-1", "orders"
WHERE = {"account_id": ACCOUNT, "region": REGION, "table_name": NAME, "table_key": NAME}
WINDOW_END = datetime(2026, 11, 1)
# us-east-1: a request unit, a capacity unit for an hour, a GB for a month.
PRICES = {
    ("read", STANDARD): ("0.000000125", "0.00013"),
    ("write", STANDARD): ("0.000000625", "0.00065"),
    ("read", IA): ("0.000000155", "0.00016"),
    ("write", IA): ("0.00000078", "0.00081"),
}
BASES = ("list", "net", "amortized")
MARTS = ("what_if_inputs", "best_plans", "plan_alternatives", "plan_cost_lines")

Row = dict[str, Any]


class Marts:
    """A build of one table, called orders: on-demand in Standard, without free tier and commitments."""

    def __init__(self, days: int = 14, *, factors: Mapping[str, int] | None = None) -> None:
        """Begin without rows. `factors` make the prices of a basis dearer than the list's."""
        self.days = days
        self.factors = {"list": 1, "net": 1, "amortized": 1, **(factors or {})}
        self.rows: dict[str, list[Row]] = {mart: [] for mart in MARTS}
        self.rates: dict[str, dict[str, np.ndarray]] = {}
        self.add("best_plans", plan="as_is", recommended_table_class=STANDARD)

    @property
    def window_start(self) -> datetime:
        return WINDOW_END - timedelta(days=self.days)

    @property
    def length(self) -> int:
        """Minutes of the window."""
        return self.days * 1440

    def add(self, mart: str, **columns: Any) -> None:
        self.rows[mart].append({**WHERE, **columns})

    def resource(
        self,
        reads: float | np.ndarray,
        writes: float | np.ndarray,
        *,
        index_name: str | None = None,
        read: Row | None = None,
        write: Row | None = None,
        **columns: Any,
    ) -> None:
        """Add a table or index with its rates a minute, in both classes.

        `columns` are those of both dimensions, `read` and `write` of one alone.
        """
        name = f"{NAME}#{index_name}" if index_name else NAME
        self.rates[name] = {
            dimension: np.broadcast_to(rates, self.length).astype("float64")
            for dimension, rates in (("read", reads), ("write", writes))
        }
        for dimension, own in (("read", read), ("write", write)):
            for table_class in (STANDARD, IA):
                self._dimension(name, index_name, dimension, table_class, {**columns, **(own or {})})

    def _dimension(
        self, name: str, index_name: str | None, dimension: str, table_class: str, columns: Row
    ) -> None:
        rates = self.rates[name][dimension]
        known = rates[~np.isnan(rates)]
        mode = columns.get("billing_mode", "PAY_PER_REQUEST")
        units = columns.get("units")
        request, unit_hour = PRICES[dimension, table_class]
        prices = {}
        for basis in BASES:
            prices[f"{basis}_request_price_usd"] = self.factors[basis] * Decimal(request)
            prices[f"{basis}_unit_hour_price_usd"] = self.factors[basis] * Decimal(unit_hour)
            prices[f"{basis}_sunk_plan_usd"] = Decimal(0)
        self.add(
            "what_if_inputs",
            **{
                "resource_key": name,
                "resource_name": name,
                "index_name": index_name,
                "dimension": dimension,
                "component": dimension,
                "table_class": table_class,
                "is_in_force": table_class == STANDARD,
                "billing_mode": mode,
                "is_replicated": False,
                "is_autoscaled": False,
                "is_today_billed": False,
                "monthly_unit_hours": units * 730 if units and mode == "PROVISIONED" else None,
                "monthly_requests": known.sum() * 60 * 43_800 / known.size if known.size else None,
                "window_start": self.window_start,
                "window_end": WINDOW_END,
                "existing_from_at": self.window_start,
                "known_minutes": known.size,
                "consumed_units": known.sum() * 60,
                "peak_units_per_second": known.max() if known.size else None,
                "free_share": 0.0,
                "free_unit_hours": 0,
                "sunk_unit_hours": 0,
                **prices,
                "request_rate_source": "billed",
                "unit_hour_rate_source": "billed",
                "price_basis": "list",
                "scaling_delay_minutes": 3,
                "safe_burst_seconds": 60.0,
                "safe_throttled_share": 0.001,
                "safe_throttled_minutes_per_day": 1.0,
                **columns,
            },
        )

    def storage(self, gb: float | None, paid_gb: float | None = None) -> None:
        """Store so much; what is to pay of it in Standard may be less."""
        for table_class, price, paid in ((STANDARD, "0.25", paid_gb), (IA, "0.1", None)):
            self.add(
                "what_if_inputs",
                resource_name=NAME,
                dimension="storage",
                component="storage",
                table_class=table_class,
                monthly_gb=gb,
                paid_gb=gb if paid is None else paid,
                **{f"{basis}_gb_month_price_usd": Decimal(price) for basis in BASES},
            )

    def plan(
        self, costs: Mapping[str, str | None], plan: str = "as_is", table_class: str = STANDARD, **of: bool
    ) -> None:
        """Add what the build made of a plan: USD a month at list prices of each component."""
        key = f"{plan} {table_class}"
        marks = {"is_current": False, "is_chosen": False, **of}
        self.add("plan_alternatives", plan_alternative_key=key, plan=plan, table_class=table_class, **marks)
        for component, usd in costs.items():
            amounts = {
                f"{basis}_cost_usd": None if usd is None else self.factors[basis] * Decimal(usd)
                for basis in BASES
            }
            self.add(
                "plan_cost_lines",
                plan_alternative_key=key,
                plan=plan,
                table_class=table_class,
                component=component,
                unit="GB-months" if component == "storage" else "unit-hours",
                monthly_quantity=1,
                **amounts,
            )

    def connection(self, order: np.random.Generator | None = None) -> duckdb.DuckDBPyConnection:
        """Write the marts into memory, their rows in some order."""
        connection = duckdb.connect()
        for mart, rows in self.rows.items():
            columns = contracts()[mart]
            declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create table {mart} ({declared})")
            values = [[row.get(name) for name in columns] for row in rows]
            if order is not None:
                order.shuffle(values)
            if values:
                connection.executemany(f"insert into {mart} values ({', '.join('?' * len(columns))})", values)
        return connection

    def minutes(self, connection: duckdb.DuckDBPyConnection) -> Minutes:
        """Lay out what was planted."""
        return minutes_of(read_table(connection, ACCOUNT, REGION, NAME), [self.published()])

    def published(self) -> pa.Table:
        """Return a row per table or index and day, as the published minutes have them."""
        days = [self.window_start.date() + timedelta(days=day) for day in range(self.days)]
        return pa.table(
            {
                "resource_name": [name for name in self.rates for _ in days],
                "day": pa.array([day for _ in self.rates for day in days], pa.date32()),
                **{f"{dimension}s": self._lists(dimension) for dimension in ("read", "write")},
            }
        )

    def _lists(self, dimension: str) -> pa.Array:
        values = [
            rates[dimension][day * 1440 : (day + 1) * 1440]
            for rates in self.rates.values()
            for day in range(self.days)
        ]
        return pa.array([[None if np.isnan(v) else v for v in day] for day in values], pa.list_(pa.float64()))


def minutes_at(table: Table, rows: Iterable[tuple[str, date, list[float], list[float]]]) -> Minutes:
    """Lay out some days of a table."""
    columns = list(zip(*rows, strict=True))
    names = ("resource_name", "day", "reads", "writes")
    return minutes_of(table, [pa.table(dict(zip(names, map(list, columns), strict=True)))])
