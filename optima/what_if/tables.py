"""A table with its indexes as what_if_inputs has them: what is set today, and what the plans would set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from optima import published
from optima.errors import OptimaError
from optima.simulation import Policy

if TYPE_CHECKING:
    import duckdb

Basis = Literal["list", "net", "amortized"]
# Of a table or index; what it stores is no capacity.
DIMENSIONS = ("read", "write")
MART = "what_if_inputs"

# Capacity of one dimension: a policy, or so many units that stay.
Capacity = Policy | int


@dataclass(frozen=True)
class Dimension:
    """The reads or the writes of a table or index.

    Attributes:
        today: Capacity as it is set; None where the table is on-demand, or what is set is not known.
        is_autoscaled: Whether a policy scales it today.
        autoscaled: What the build's plan of autoscaled capacity sets; None where it looked for none.
        fixed: Units of the build's plan of fixed capacity; None where no demand is known.
        known_minutes: Minutes of the window that the build knows.
        consumed_units: Units consumed in them; None where nothing is known.
        peak_units_per_second: Rate of the highest of them.
    """

    today: Capacity | None
    is_autoscaled: bool
    autoscaled: Policy | None
    fixed: int | None
    known_minutes: int
    consumed_units: float | None
    peak_units_per_second: float | None


@dataclass(frozen=True)
class Resource:
    """A table or index: its name as the minutes have it, and from when in the window on it counts (UTC)."""

    name: str
    index_name: str | None
    existing_from: datetime
    dimensions: Mapping[str, Dimension]


@dataclass(frozen=True)
class Table:
    """A table, what its build judges by, and the plan that the build advises.

    Attributes:
        resources: The table first, then its indexes by name.
        basis: Price basis of the build.
        is_today_billed: Today costs what was billed, because too little of its demand is known.
        lacks_billed_prices: Net and amortised prices are the list's, because no bill tells what is paid.
        window_start: Start of the demand window (UTC), inclusive; its end is exclusive.
        delay_minutes: Minutes from an alarm to the capacity being in force.
        burst_seconds: Seconds of unused capacity that a safe policy may draw on.
        throttled_share: Share of its units that a safe policy may throttle.
        throttled_minutes_per_day: Minutes with throttling of a known day that it may have.
        best_plan: As in best_plans; as_is where nothing is to change.
    """

    account_id: str
    region: str
    name: str
    billing_mode: str
    table_class: str
    is_replicated: bool
    resources: tuple[Resource, ...]
    basis: Basis
    is_today_billed: bool
    lacks_billed_prices: bool
    window_start: datetime
    window_end: datetime
    delay_minutes: int
    burst_seconds: float
    throttled_share: float
    throttled_minutes_per_day: float
    best_plan: str
    best_class: str

    @property
    def is_provisioned(self) -> bool:
        """Whether capacity is provisioned today."""
        return self.billing_mode == "PROVISIONED"


# Both classes repeat what is set; one row of each dimension tells it.
_DIMENSIONS = """
    select
        inputs.*,
        best_plans.plan as best_plan,
        best_plans.recommended_table_class as best_class
    from what_if_inputs as inputs
    inner join best_plans on inputs.table_key = best_plans.table_key
    where
        inputs.account_id = $account_id
        and inputs.region = $region
        and inputs.table_name = $table_name
        and inputs.dimension <> 'storage'
        and inputs.is_in_force
    order by inputs.index_name nulls first, inputs.dimension
"""


def read_table(connection: duckdb.DuckDBPyConnection, account_id: str, region: str, table_name: str) -> Table:
    """Read what the build knows of a table with its indexes.

    Raises:
        OptimaError: An older version made the build, or the build has no such table.
    """
    published.require(connection, [MART], "prices and settings to ask what if with")
    where = {"account_id": account_id, "region": region, "table_name": table_name}
    answer = connection.execute(_DIMENSIONS, where)
    names = [column[0] for column in answer.description]
    rows = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    if not rows:
        raise OptimaError(f"The published build holds no table {table_name} in {region} of {account_id}.")
    return _table(rows)


def _table(rows: list[dict[str, Any]]) -> Table:
    of_resources: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        of_resources.setdefault(row["resource_name"], {})[row["dimension"]] = row
    first = rows[0]
    sources = {row[f"{price}_rate_source"] for row in rows for price in ("request", "unit_hour")}
    return Table(
        account_id=first["account_id"],
        region=first["region"],
        name=first["table_name"],
        billing_mode=first["billing_mode"],
        table_class=first["table_class"],
        is_replicated=first["is_replicated"],
        resources=tuple(_resource(dimensions) for dimensions in of_resources.values()),
        basis=first["price_basis"],
        is_today_billed=first["is_today_billed"],
        lacks_billed_prices="list" in sources,
        window_start=first["window_start"],
        window_end=first["window_end"],
        delay_minutes=first["scaling_delay_minutes"],
        burst_seconds=first["safe_burst_seconds"],
        throttled_share=first["safe_throttled_share"],
        throttled_minutes_per_day=first["safe_throttled_minutes_per_day"],
        best_plan=first["best_plan"],
        best_class=first["best_class"],
    )


def _resource(dimensions: dict[str, dict[str, Any]]) -> Resource:
    row = dimensions["read"]
    return Resource(
        name=row["resource_name"],
        index_name=row["index_name"],
        existing_from=row["existing_from_at"],
        dimensions={name: _dimension(dimensions[name]) for name in DIMENSIONS},
    )


def _dimension(row: dict[str, Any]) -> Dimension:
    return Dimension(
        today=_today(row),
        is_autoscaled=bool(row["is_autoscaled"]),
        autoscaled=_policy(row, "policy"),
        fixed=row["fixed_units"],
        known_minutes=row["known_minutes"] or 0,
        consumed_units=row["consumed_units"],
        peak_units_per_second=row["peak_units_per_second"],
    )


def _today(row: dict[str, Any]) -> Capacity | None:
    if row["billing_mode"] != "PROVISIONED":
        return None
    if row["is_autoscaled"]:
        return _policy(row, "autoscaling")
    return int(row["units"]) if row["units"] else None


def _policy(row: dict[str, Any], columns: str) -> Policy | None:
    target, least, greatest = (row[f"{columns}_{part}"] for part in ("target", "min", "max"))
    if None in (target, least, greatest):
        return None
    return Policy(target, int(least), int(greatest))
