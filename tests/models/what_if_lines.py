"""The engine of what if held to the lines of the build's own plans, to the last decimal."""

from __future__ import annotations

from decimal import Decimal

import duckdb

from optima import what_if
from optima.what_if import Assumption, Basis, Minutes, Result, Table

PLANS = ("as_is", "on_demand", "provisioned_autoscaled", "provisioned_fixed")
CLASSES = ("STANDARD", "STANDARD_INFREQUENT_ACCESS")

Key = tuple[str, str, str]
# Table or index, component, unit; quantity, what of it is to pay, USD, USD by the most cautious reading.
Amounts = dict[Key, tuple[Decimal | None, ...]]


def planned_lines(
    connection: duckdb.DuckDBPyConnection, table: Table, plan: str, table_class: str, basis: Basis
) -> Amounts:
    """Return the lines of a plan that is priced in more than its storage, else nothing."""
    rows = connection.execute(
        f"""
        select
            table_name || coalesce('#' || index_name, ''), component, unit,
            monthly_quantity, paid_quantity, {basis}_cost_usd,
            case when price_usd = list_price_usd and '{basis}' = 'list' then cautious_cost_usd end
        from plan_cost_lines
        where account_id = ? and region = ? and table_name = ? and plan = ? and table_class = ?
        """,
        [table.account_id, table.region, table.name, plan, table_class],
    ).fetchall()
    if all(component == "storage" for _, component, *_ in rows):
        return {}
    return {(name, component, unit): tuple(amounts) for name, component, unit, *amounts in rows}


def ask(
    connection: duckdb.DuckDBPyConnection, minutes: Minutes, plan: str, table_class: str, basis: Basis
) -> Result:
    """Ask for a plan; for today's setting by naming it, so that it is computed, where the window tells it."""
    table = minutes.table
    asked = what_if.planned(table, plan, table_class, basis)
    if plan == "as_is" and not table.is_today_billed:
        asked = set_as_today(table, asked)
    return what_if.cost(connection, minutes, asked)


def computed_lines(result: Result, plan: str, basis: Basis) -> Amounts:
    """Return the lines of an answer as `planned_lines` has them."""
    is_cautious = plan == "provisioned_autoscaled" and basis == "list"
    return {
        (line.resource_name, line.component, line.unit): (
            line.monthly_quantity,
            line.paid_quantity,
            line.cost_usd,
            line.cautious_cost_usd if is_cautious else None,
        )
        for line in result.lines
    }


def set_as_today(table: Table, asked: Assumption) -> Assumption:
    """Ask for today's setting by naming it, so that it is computed."""
    if not table.is_provisioned:
        return Assumption(asked.table_class, "on_demand", asked.basis)
    capacities = {
        resource.name: {
            name: dimension.today
            for name, dimension in resource.dimensions.items()
            if dimension.today is not None
        }
        for resource in table.resources
    }
    return Assumption(asked.table_class, "provisioned", asked.basis, capacities)


def compared(
    connection: duckdb.DuckDBPyConnection, minutes: Minutes, plan: str, table_class: str, basis: Basis
) -> int:
    """Hold the engine to the lines of one plan, and to its totals; return how many lines there were."""
    expected = planned_lines(connection, minutes.table, plan, table_class, basis)
    if expected:
        result = ask(connection, minutes, plan, table_class, basis)
        assert computed_lines(result, plan, basis) == expected
        if basis == minutes.table.basis:
            totals_are_those_of_the_build(connection, minutes.table, plan, table_class, result)
    return len(expected)


def totals_are_those_of_the_build(
    connection: duckdb.DuckDBPyConnection, table: Table, plan: str, table_class: str, result: Result
) -> None:
    """Hold an answer's totals, and those beside it, to the plans and to the best of them."""
    where = [table.account_id, table.region, table.name]
    [(storage, throughput, monthly)] = connection.execute(
        """
        select storage_cost_usd, throughput_cost_usd, monthly_cost_usd from plan_alternatives
        where account_id = ? and region = ? and table_name = ? and plan = ? and table_class = ?
        """,
        [*where, plan, table_class],
    ).fetchall()
    assert result.asked.storage_usd == storage
    assert result.asked.throughput_usd == throughput
    assert result.asked.monthly_usd == monthly
    [(today, best)] = connection.execute(
        """
        select current_monthly_cost_usd, projected_monthly_cost_usd from best_plans
        where account_id = ? and region = ? and table_name = ?
        """,
        where,
    ).fetchall()
    assert (result.today.monthly_usd, result.best_plan.monthly_usd) == (today, best)
    for found, other in ((result.to_today_usd, today), (result.to_best_plan_usd, best)):
        assert found == (None if None in (monthly, other) else monthly - other)
