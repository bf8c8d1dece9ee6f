"""Dollars: one SQL text over the published marts, with what the kernel found. Python multiplies nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from optima.errors import OptimaError
from optima.what_if.assumptions import Assumption, capacities_simulated, problems
from optima.what_if.demand import Minutes
from optima.what_if.simulated import Simulated, Simulations, simulate

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Line:
    """What one part costs a month: as a line of plan_cost_lines.

    Attributes:
        resource_name: The table, or table#index.
        component: read, write, replicated_write or storage.
        unit: unit-hours, request units or GB-months.
        monthly_quantity: Units of a month; None where unknown.
        paid_quantity: What of them is left to pay after commitments and the free tier.
        cost_usd: None where the quantity or its price is unknown.
        cautious_cost_usd: By the most cautious reading of how autoscaling is billed; None but for policies.
    """

    resource_name: str
    index_name: str | None
    component: str
    unit: str
    monthly_quantity: Decimal | None
    paid_quantity: Decimal | None
    cost_usd: Decimal | None
    cautious_cost_usd: Decimal | None


@dataclass(frozen=True)
class Total:
    """What a table with its indexes costs a month, USD; None where a part is unknown."""

    storage_usd: Decimal | None
    throughput_usd: Decimal | None
    monthly_usd: Decimal | None
    cautious_usd: Decimal | None


@dataclass(frozen=True)
class Result:
    """What was asked for, beside today and the best plan, all at the same prices.

    Attributes:
        lines: Table before indexes, reads before writes, storage last.
        simulated: By (resource name, dimension); nothing of on-demand capacity.
        to_today_usd: What it costs more than today, a month; below 0 it costs less.
        to_best_plan_usd: The same against the plan that the build advises.
    """

    lines: tuple[Line, ...]
    simulated: Mapping[tuple[str, str], Simulated]
    asked: Total
    today: Total
    best_plan: Total
    to_today_usd: Decimal | None
    to_best_plan_usd: Decimal | None


# The formulas are those of macros/advice: monthly, paid_unit_hours (beyond, billed_unit_hours),
# provisioned_cost and on_demand_cost, in the same types. Tests hold every line to plan_cost_lines.
_COSTS = """
    with
        inputs as (
            select
                *,
                case $basis
                    when 'list' then list_request_price_usd
                    when 'net' then net_request_price_usd
                    when 'amortized' then amortized_request_price_usd
                end as request_price_usd,
                case $basis
                    when 'list' then list_unit_hour_price_usd
                    when 'net' then net_unit_hour_price_usd
                    when 'amortized' then amortized_unit_hour_price_usd
                end as unit_hour_price_usd,
                case $basis
                    when 'list' then list_gb_month_price_usd
                    when 'net' then net_gb_month_price_usd
                    when 'amortized' then amortized_gb_month_price_usd
                end as gb_month_price_usd,
                case $basis
                    when 'list' then list_sunk_plan_usd
                    when 'net' then net_sunk_plan_usd
                    when 'amortized' then amortized_sunk_plan_usd
                end as sunk_plan_usd
            from what_if_inputs
            where
                account_id = $account_id
                and region = $region
                and table_name = $table_name
                and table_class = $table_class
        ),

        capacities as (
            select unnest(
                $capacities::struct(
                    resource_name varchar,
                    dimension varchar,
                    units bigint,
                    known_minutes bigint,
                    unit_hours double,
                    unit_hours_upper double,
                    unit_hours_held double,
                    own_unit_hours double,
                    own_unit_hours_upper double,
                    own_unit_hours_held double
                )[],
                recursive := true
            )
        ),

        readings as (select unnest(['billed', 'upper', 'held']) as reading),

        simulated as (
            select
                capacities.resource_name,
                capacities.dimension,
                capacities.units,
                capacities.known_minutes,
                readings.reading,
                case readings.reading
                    when 'billed' then capacities.unit_hours
                    when 'upper' then capacities.unit_hours_upper
                    else capacities.unit_hours_held
                end as unit_hours,
                case readings.reading
                    when 'billed' then capacities.own_unit_hours
                    when 'upper' then capacities.own_unit_hours_upper
                    else capacities.own_unit_hours_held
                end as own_unit_hours
            from capacities
            cross join readings
        ),

        unit_hours as (
            select
                inputs.*,
                simulated.units as fixed_capacity,
                simulated.reading,
                case
                    when simulated.units is not null
                    then cast(simulated.units * 730 as decimal(28, 6))
                    when inputs.is_autoscaled
                    then
                        cast(
                            cast(inputs.monthly_unit_hours as double)
                            * simulated.unit_hours
                            / nullif(simulated.own_unit_hours, 0) as decimal(28, 6)
                        )
                    else
                        cast(
                            cast(simulated.unit_hours as double)
                            * 60
                            * 730
                            / nullif(simulated.known_minutes, 0) as decimal(28, 6)
                        )
                end as monthly_quantity
            from inputs
            cross join readings
            left join
                simulated
                on inputs.resource_name = simulated.resource_name
                and inputs.dimension = simulated.dimension
                and readings.reading = simulated.reading
            where inputs.dimension <> 'storage' and $mode = 'provisioned'
        ),

        unreserved as (
            select
                *,
                case
                    when monthly_quantity > coalesce(sunk_unit_hours, 0)
                    then monthly_quantity - coalesce(sunk_unit_hours, 0)
                    when monthly_quantity is not null
                    then 0
                end as unreserved_quantity
            from unit_hours
        ),

        paid_unit_hours as (
            select
                *,
                cast(
                    greatest(
                        cast(unreserved_quantity as double) * (1 - free_share),
                        cast(unreserved_quantity as double) - free_unit_hours
                    ) as decimal(28, 6)
                ) as paid_quantity
            from unreserved
        ),

        paid_requests as (
            select *, monthly_requests as monthly_quantity, monthly_requests as paid_quantity
            from inputs
            where dimension <> 'storage' and $mode = 'on_demand'
        ),

        throughput as (
            select *, 'unit-hours' as unit, paid_quantity * unit_hour_price_usd as before_plan_usd
            from paid_unit_hours
            union all by name
            select
                *,
                'request units' as unit,
                'billed' as reading,
                paid_quantity * request_price_usd as before_plan_usd
            from paid_requests
        ),

        throughput_costs as (
            select
                *,
                cast(
                    case
                        when before_plan_usd > coalesce(sunk_plan_usd, 0)
                        then before_plan_usd - coalesce(sunk_plan_usd, 0)
                        when before_plan_usd is not null
                        then 0
                    end as decimal(28, 10)
                ) as cost_usd
            from throughput
        ),

        computed as (
            select
                resource_name,
                index_name,
                component,
                unit,
                max(monthly_quantity) filter (reading = 'billed') as monthly_quantity,
                max(paid_quantity) filter (reading = 'billed') as paid_quantity,
                max(cost_usd) filter (reading = 'billed') as cost_usd,
                max(cost_usd) filter (
                    reading <> 'billed' and unit = 'unit-hours' and fixed_capacity is null
                ) as cautious_cost_usd
            from throughput_costs
            group by resource_name, index_name, component, unit
            union all by name
            select
                resource_name,
                component,
                'GB-months' as unit,
                monthly_gb as monthly_quantity,
                paid_gb as paid_quantity,
                cast(
                    case when monthly_gb = 0 then 0 else paid_gb * gb_month_price_usd end as decimal(28, 10)
                ) as cost_usd
            from inputs
            where dimension = 'storage' and $mode <> 'as_is'
        ),

        -- What the build has worked out itself, at the prices that are asked for.
        planned as (
            select
                lines.table_name || coalesce('#' || lines.index_name, '') as resource_name,
                lines.index_name,
                lines.component,
                lines.unit,
                lines.monthly_quantity,
                lines.paid_quantity,
                case $basis
                    when 'list' then lines.list_cost_usd
                    when 'net' then lines.net_cost_usd
                    when 'amortized' then lines.amortized_cost_usd
                end as cost_usd,
                lines.plan = 'as_is' and lines.table_class = $table_class and $mode = 'as_is' as is_asked,
                alternatives.is_current,
                alternatives.is_chosen
            from plan_cost_lines as lines
            inner join
                plan_alternatives as alternatives
                on lines.plan_alternative_key = alternatives.plan_alternative_key
            where
                lines.account_id = $account_id
                and lines.region = $region
                and lines.table_name = $table_name
        ),

        lines as (
            select *, 'asked' as of_what
            from computed
            union all by name
            select * exclude (is_asked, is_current, is_chosen), 'asked' as of_what
            from planned
            where is_asked
            union all by name
            select * exclude (is_asked, is_current, is_chosen), 'today' as of_what
            from planned
            where is_current
            union all by name
            select * exclude (is_asked, is_current, is_chosen), 'best_plan' as of_what
            from planned
            where is_chosen
        ),

        sums as (
            select
                of_what,
                cast(sum(cost_usd) filter (component = 'storage') as decimal(28, 10)) as storage_usd,
                bool_or(component = 'storage' and monthly_quantity > 0 and cost_usd is null)
                as lacks_storage_price,
                count(*) filter (component <> 'storage') as parts,
                count(cost_usd) filter (component <> 'storage') as priced_parts,
                cast(sum(cost_usd) filter (component <> 'storage') as decimal(28, 10)) as parts_usd,
                cast(
                    sum(coalesce(cautious_cost_usd, cost_usd)) filter (component <> 'storage')
                    as decimal(28, 10)
                ) as cautious_parts_usd,
                count(cautious_cost_usd) as cautious_parts
            from lines
            group by of_what
        ),

        -- Of a table whose size is not known, the throughput alone is compared. One that is billed for
        -- storage alone has no line of throughput today.
        totals as (
            select
                of_what,
                storage_usd,
                coalesce(lacks_storage_price, false) as lacks_storage_price,
                case
                    when parts = 0 then cast(0 as decimal(28, 10)) when parts = priced_parts then parts_usd
                end as throughput_usd,
                case when cautious_parts > 0 and parts = priced_parts then cautious_parts_usd end
                as cautious_throughput_usd
            from sums
        ),

        costs as (
            select
                of_what,
                storage_usd,
                throughput_usd,
                case
                    when not lacks_storage_price then throughput_usd + coalesce(storage_usd, 0)
                end as monthly_usd,
                case
                    when not lacks_storage_price then cautious_throughput_usd + coalesce(storage_usd, 0)
                end as cautious_usd
            from totals
        ),

        answers as (
        select
            'line' as of_what,
            resource_name,
            index_name,
            component,
            unit,
            monthly_quantity,
            paid_quantity,
            cost_usd,
            cautious_cost_usd,
            null as storage_usd,
            null as throughput_usd,
            null as monthly_usd,
            null as cautious_usd,
            null as more_usd
        from lines
        where of_what = 'asked'
        union all by name
        select
            costs.of_what,
            costs.storage_usd,
            costs.throughput_usd,
            costs.monthly_usd,
            costs.cautious_usd,
            asked.monthly_usd - costs.monthly_usd as more_usd
        from costs
        left join costs as asked on asked.of_what = 'asked'
        )

    select *
    from answers
    order by component = 'storage', index_name nulls first, component, unit
"""
_LINE = slice(1, 9)
_TOTAL = slice(9, 13)


def cost(connection: duckdb.DuckDBPyConnection, minutes: Minutes, assumption: Assumption) -> Result:
    """Simulate what is asked for over the window, and work out what a month of it costs.

    Raises:
        OptimaError: The assumption makes no sense; the sentence says where.
    """
    table = minutes.table
    wrong = problems(table, assumption)
    if wrong:
        raise OptimaError(" ".join(wrong))
    capacities = capacities_simulated(table, assumption)
    simulated = simulate(minutes, capacities)
    parameters = {
        "account_id": table.account_id,
        "region": table.region,
        "table_name": table.name,
        "table_class": assumption.table_class,
        "basis": assumption.basis,
        "mode": assumption.mode,
        "capacities": _rows(assumption, simulated),
    }
    rows = connection.execute(_COSTS, parameters).fetchall()
    lines = tuple(Line(*row[_LINE]) for row in rows if row[0] == "line")
    totals = {row[0]: (Total(*row[_TOTAL]), row[-1]) for row in rows if row[0] != "line"}
    unknown = (Total(None, None, None, None), None)
    (asked, _), (today, to_today), (best, to_best) = (
        totals.get(of_what, unknown) for of_what in ("asked", "today", "best_plan")
    )
    return Result(lines, simulated, asked, today, best, to_today, to_best)


def _rows(assumption: Assumption, simulated: Simulations) -> list[dict[str, Any]]:
    """Return what the kernel found of each dimension, or the units that stay, as the SQL takes it."""
    rows = []
    for (name, dimension), result in simulated.items():
        capacity = assumption.capacities.get(name, {}).get(dimension)
        row: dict[str, Any] = {"resource_name": name, "dimension": dimension}
        row["units"] = capacity if isinstance(capacity, int) else None
        row["known_minutes"] = result.known_minutes
        own = result.own_unit_hours
        for reading, suffix in (("billed", ""), ("upper", "_upper"), ("held", "_held")):
            row[f"unit_hours{suffix}"] = getattr(result.unit_hours, reading)
            row[f"own_unit_hours{suffix}"] = getattr(own, reading) if own else None
        rows.append(row)
    return rows
