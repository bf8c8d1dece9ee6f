"""What the published marts say of one table: every plan with its lines, and every recommendation."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from optima import published
from optima.errors import AmbiguousError, OptimaError
from optima.published import Build
from optima.wording import CLASSES, LIST_PRICES, MODES, change, usd

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]

PLANS = {
    "as_is": "As it is",
    "on_demand": "On-Demand",
    "provisioned_autoscaled": "Provisioned, autoscaled",
    "provisioned_fixed": "Provisioned, fixed",
}
_KINDS = ("capacity_mode", "table_class", "utilization")
_NEEDED = {"best_plans", "plan_alternatives", "plan_cost_lines"}
_SETTINGS = ("setting", "current_setting", "recommended_setting")
# Names that are offered where one was not found, and how many tables of one name are listed.
_NEAR, _CHOICES = 3, 12


@dataclass(frozen=True)
class Explained:
    """One table of one build, in rows of the marts with their settings as objects.

    Attributes:
        build_id: The build that was read.
        as_of: The instant (UTC) that the build stands for.
        table: Its row of dim_tables.
        best: Its row of best_plans.
        plans: Its rows of plan_alternatives, today's first, then the cheapest, with their cost `lines`.
        advice: Its rows of each other kind of recommendation, indexes included, with their status.
        reconciled: Its row of cost_reconciliation in the newest month in which something was compared.
    """

    build_id: str
    as_of: datetime | None
    table: Row
    best: Row
    plans: list[Row]
    advice: list[Row]
    reconciled: Row | None = None

    @property
    def today(self) -> Row | None:
        """The plan in force."""
        return next((plan for plan in self.plans if plan["is_current"]), None)

    @property
    def chosen(self) -> Row | None:
        """The plan that is advised, which may be the one in force."""
        return next((plan for plan in self.plans if plan["is_chosen"]), None)

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        best = self.best
        cost = best["current_monthly_cost_usd"]
        now = "an unknown amount" if cost is None else usd(cost)
        if best["advice"] != "change":
            return f"Best plan: keep it as it is, for {now} a month. {best['reason']}"
        then, saved = best["projected_monthly_cost_usd"], best["monthly_savings_usd"]
        what = change(best["current_setting"], best["recommended_setting"])
        shared = (
            f" All replicas of this global table together save {usd(best['decision_savings_usd'])} a month."
            if best["decision_savings_usd"] not in (None, saved)
            else ""
        )
        return (
            f"Best plan: {what}; costs {usd(then)} instead of {now} a month, "
            f"saves {usd(saved)} a month ({usd(best['annual_savings_usd'])} a year)."
            f"{shared}{self._listed}{self._stranded}"
        )

    @property
    def _listed(self) -> str:
        """What the plan saves at list prices, where units are valued by another basis."""
        saved = None if self.is_at_list else self.best["list_monthly_savings_usd"]
        return "" if saved is None else f" At list prices it saves {usd(saved)} a month."

    @property
    def _stranded(self) -> str:
        """What the plan leaves without use of commitments that are paid for."""
        stranded = self.best.get("stranded_commitment_usd")
        if not stranded:
            return ""
        return f" It leaves commitments of {usd(stranded)} a month without use, which are paid all the same."

    @property
    def is_at_list(self) -> bool:
        """Whether units are valued at list prices, or what they would cost at list prices is not known."""
        return self.best["price_basis"] == LIST_PRICES or "list_monthly_savings_usd" not in self.best


def plan_name(plan: Mapping[str, Any], current_setting: Mapping[str, Any]) -> str:
    """Name a plan with its class: `As it is (On-Demand) · Standard`, `Provisioned, fixed · Standard-IA`."""
    table_class = plan["table_class"]
    mode = MODES.get(current_setting.get("billing_mode") or "")
    of = f" ({mode})" if plan["plan"] == "as_is" and mode else ""
    return f"{PLANS.get(plan['plan'], plan['plan'])}{of} · {CLASSES.get(table_class, table_class)}"


def explain(
    connection: duckdb.DuckDBPyConnection,
    build: Build,
    name: str,
    *,
    region: str | None = None,
    account: str | None = None,
    decided: Mapping[str, str] | None = None,
) -> Explained:
    """Read everything that a build says of one table.

    Args:
        connection: The published build, opened.
        build: Which build that is.
        name: The table's name.
        region: Its region, needed where tables of this name are in several.
        account: Its account's id or name, needed likewise.
        decided: What was decided, by recommendation; what is not in it is pending.

    Raises:
        AmbiguousError: Several tables have this name.
        OptimaError: No table has it, or the build was made before there were plans.
    """
    published.require(connection, _NEEDED, "plans")
    table = _find(connection, name, region, account)
    where = tuple(table[column] for column in ("account_id", "region", "table_name"))
    statuses = decided or {}
    ((as_of,),) = connection.execute("select as_of from publication").fetchall()
    best = _of(connection, "best_plans", where)
    if not best:
        raise OptimaError(f"Nothing is known of the table {name} beyond its settings.")
    advice = [row for kind in _KINDS for row in _of(connection, f"{kind}_recommendations", where)]
    return Explained(
        build_id=build.build_id,
        as_of=as_of,
        table=table,
        best=_decided(best[0], statuses),
        plans=_plans(connection, where),
        advice=[_decided(row, statuses) for row in advice],
        reconciled=_reconciled(connection, where),
    )


def _reconciled(connection: duckdb.DuckDBPyConnection, where: tuple[str, ...]) -> Row | None:
    """Return how the model of a table met its bill; builds of older versions have no such mart."""
    if "cost_reconciliation" not in published.columns(connection):
        return None
    months = [row for row in _of(connection, "cost_reconciliation", where) if row["compared_hours"]]
    return max(months, key=lambda row: row["billing_month"], default=None)


def _find(connection: duckdb.DuckDBPyConnection, name: str, region: str | None, account: str | None) -> Row:
    named = _rows(
        connection, "select * from dim_tables where table_name = ? order by account_id, region", [name]
    )
    if not named:
        raise OptimaError(_unknown(connection, name))
    found = [
        row
        for row in named
        if region in (None, row["region"]) and account in (None, row["account_id"], row["account_name"])
    ]
    if len(found) == 1:
        return found[0]
    places = [f"{row['region']} in {row['account_name']} ({row['account_id']})" for row in found or named]
    listed = "; ".join(places[:_CHOICES])
    more = f"; and {len(places) - _CHOICES:,} more" if len(places) > _CHOICES else ""
    if not found:
        raise OptimaError(f"There is no table {name} there, but in {listed}{more}.")
    raise AmbiguousError(
        f"{len(found):,} tables are called {name}: name one with --region and --account: {listed}{more}."
    )


def _unknown(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    names = {row["table_name"] for row in _rows(connection, "select table_name from dim_tables", [])}
    near = difflib.get_close_matches(name, sorted(names), n=_NEAR, cutoff=0.5)
    if near:
        return f"No table is called {name}: did you mean {' or '.join(near)}?"
    return f"No table is called {name}: `dynamodb-optima list-recommendations --all` lists those there are."


def _plans(connection: duckdb.DuckDBPyConnection, where: tuple[str, ...]) -> list[Row]:
    lines = _rows(connection, _LINES, [*where, *where])
    plans = sorted(
        _of(connection, "plan_alternatives", where),
        key=lambda plan: (
            not plan["is_current"],
            plan["rank_by_cost"] is None,
            plan["rank_by_cost"],
            plan["plan"],
            plan["table_class"],
        ),
    )
    for plan in plans:
        plan["lines"] = [
            line for line in lines if line["plan_alternative_key"] == plan["plan_alternative_key"]
        ]
    _compare_simulated(plans)
    return plans


def _compare_simulated(plans: list[Row]) -> None:
    """Note on each simulated line what is provisioned today, where a policy sets that.

    Another policy then costs what today's does times the ratio of the two simulations.
    """
    key = ("resource_key", "component")
    today = next((plan for plan in plans if plan["is_current"]), None)
    scaled = {
        tuple(line[name] for name in key): line["monthly_quantity"]
        for line in (today["lines"] if today else [])
        if "min" in (line["setting"] or {})
    }
    for plan in plans:
        for line in plan["lines"]:
            is_simulated = line["least_units"] is not None
            line["scaled_from"] = scaled.get(tuple(line[name] for name in key)) if is_simulated else None


# With what was seen in the window, from which request units of a month are scaled.
_LINES = """
    with
        seen as (
            select resource_key, sum(read_units) as read_units, sum(write_units) as write_units
            from fct_capacity_daily
            where account_id = ? and region = ? and table_name = ?
            group by resource_key
        )
    select
        lines.*,
        coverage.known_minutes,
        case when lines.component = 'read' then seen.read_units else seen.write_units end as window_units
    from plan_cost_lines as lines
    left join seen on lines.resource_key = seen.resource_key
    left join collection_coverage as coverage on lines.resource_key = coverage.resource_key
    where lines.account_id = ? and lines.region = ? and lines.table_name = ?
    order by
        lines.component = 'storage',
        lines.index_name nulls first,
        lines.component
"""


def _decided(row: Row, statuses: Mapping[str, str]) -> Row:
    return row | {"status": statuses.get(row["recommendation_id"], "pending")}


def _of(connection: duckdb.DuckDBPyConnection, mart: str, where: tuple[str, ...]) -> list[Row]:
    """Return the rows that a mart has of a table, its own before those of its indexes."""
    rows = _rows(
        connection,
        f"select * from {mart} where account_id = ? and region = ? and table_name = ?",  # noqa: S608 (a mart's name)
        where,
    )
    return sorted(rows, key=lambda row: row.get("index_name") or "")


def _rows(connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any]) -> list[Row]:
    found = connection.execute(query, list(values))
    names = [column[0] for column in found.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    for row in rows:
        row.update({name: json.loads(row[name]) for name in _SETTINGS if row.get(name)})
    return rows
