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
from optima.what_if.tables import Capacity

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
        capacities as (
            select unnest(
                $capacities::struct(
                    resource_name varchar,
                    dimension varchar,
                    reading varchar,
                    units bigint,
                    known_minutes bigint,
                    unit_hours double,
                    own_unit_hours double
                )[],
                recursive := true
            )
        ),

        quantities as (
            select
                inputs.resource_name,
                inputs.index_name,
                inputs.component,
                case
                    when inputs.dimension = 'storage' then 'GB-months'
                    when $mode = 'on_demand' then 'request units'
                    else 'unit-hours'
                end as unit,
                coalesce(capacities.reading, 'billed') as reading,
                capacities.units is null as may_change,
                case
                    when inputs.dimension = 'storage'
                    then inputs.monthly_gb
                    when $mode = 'on_demand'
                    then inputs.monthly_requests
                    when capacities.units is not null
                    then cast(capacities.units * 730 as decimal(28, 6))
                    when inputs.is_autoscaled
                    then
                        cast(
                            cast(inputs.monthly_unit_hours as double)
                            * capacities.unit_hours
                            / nullif(capacities.own_unit_hours, 0) as decimal(28, 6)
                        )
                    else
                        cast(
                            cast(capacities.unit_hours as double)
                            * 60
                            * 730
                            / nullif(capacities.known_minutes, 0) as decimal(28, 6)
                        )
                end as monthly_quantity,
                inputs.sunk_unit_hours,
                inputs.free_share,
                inputs.free_unit_hours,
                inputs.paid_gb,
                case
                    when inputs.dimension = 'storage'
                    then
                        case $basis
                            when 'list' then inputs.list_gb_month_price_usd
                            when 'net' then inputs.net_gb_month_price_usd
                            when 'amortized' then inputs.amortized_gb_month_price_usd
                        end
                    when $mode = 'on_demand'
                    then
                        case $basis
                            when 'list' then inputs.list_request_price_usd
                            when 'net' then inputs.net_request_price_usd
                            when 'amortized' then inputs.amortized_request_price_usd
                        end
                    else
                        case $basis
                            when 'list' then inputs.list_unit_hour_price_usd
                            when 'net' then inputs.net_unit_hour_price_usd
                            when 'amortized' then inputs.amortized_unit_hour_price_usd
                        end
                end as price_usd,
                case $basis
                    when 'list' then inputs.list_sunk_plan_usd
                    when 'net' then inputs.net_sunk_plan_usd
                    when 'amortized' then inputs.amortized_sunk_plan_usd
                end as sunk_plan_usd
            from what_if_inputs as inputs
            left join
                capacities
                on inputs.resource_name = capacities.resource_name
                and inputs.dimension = capacities.dimension
            where
                inputs.account_id = $account_id
                and inputs.region = $region
                and inputs.table_name = $table_name
                and inputs.table_class = $table_class
                and $mode <> 'as_is'
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
            from quantities
        ),

        paid as (
            select
                *,
                case unit
                    when 'unit-hours'
                    then
                        cast(
                            greatest(
                                cast(unreserved_quantity as double) * (1 - free_share),
                                cast(unreserved_quantity as double) - free_unit_hours
                            ) as decimal(28, 6)
                        )
                    when 'request units'
                    then monthly_quantity
                    else paid_gb
                end as paid_quantity
            from unreserved
        ),

        amounts as (
            select
                *,
                case
                    when unit = 'GB-months' and monthly_quantity = 0 then 0 else paid_quantity * price_usd
                end as before_plan_usd
            from paid
        ),

        amounts_after_plan as (
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
            from amounts
        ),

        computed as (
            select
                ['asked'] as of_what,
                resource_name,
                index_name,
                component,
                unit,
                max(monthly_quantity) filter (reading = 'billed') as monthly_quantity,
                max(paid_quantity) filter (reading = 'billed') as paid_quantity,
                max(cost_usd) filter (reading = 'billed') as cost_usd,
                max(cost_usd) filter (reading <> 'billed' and may_change) as cautious_cost_usd
            from amounts_after_plan
            group by resource_name, index_name, component, unit
        ),

        -- What the build has worked out itself, at the prices that are asked for.
        planned as (
            select
                [
                    case
                        when lines.plan = 'as_is' and lines.table_class = $table_class and $mode = 'as_is'
                        then 'asked'
                    end,
                    case when alternatives.is_current then 'today' end,
                    case when alternatives.is_chosen then 'best_plan' end
                ] as of_what,
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
                cast(null as decimal(28, 10)) as cautious_cost_usd
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
            select * replace (unnest(of_what) as of_what)
            from (select * from computed union all select * from planned)
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
            where of_what is not null
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
# What of unit-hours a simulation tells, the cautious ones after what it bills.
_READINGS = ("billed", "upper", "held")


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
    """Return what the kernel found of each dimension, by each reading, or the units that stay."""
    return [
        {
            "resource_name": name,
            "dimension": dimension,
            "reading": reading,
            "units": _units(assumption.capacities.get(name, {}).get(dimension)),
            "known_minutes": result.known_minutes,
            "unit_hours": getattr(result.unit_hours, reading),
            "own_unit_hours": getattr(result.own_unit_hours, reading, None),
        }
        for (name, dimension), result in simulated.items()
        for reading in _READINGS
    ]


def _units(capacity: Capacity | None) -> int | None:
    return capacity if isinstance(capacity, int) else None
