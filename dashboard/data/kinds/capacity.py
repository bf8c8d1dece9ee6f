"""What the page about capacity modes asks: both modes' costs, their lines, and capacity over time."""

from __future__ import annotations

import pandas as pd

from dashboard.data.kinds.asking import MOST_BARS, MOST_POINTS, Place, answer, bars_keep, of_kind
from dashboard.view import View

KIND = "capacity_mode"
# Points of a line over time; of a longer window each stands for several hours.
MOST_HOURS = 400

_MODES = """
    select
        selected.account_id,
        selected.account_name,
        selected.region,
        selected.table_name,
        selected.advice,
        modes.current_billing_mode,
        modes.recommended_billing_mode,
        selected.current_monthly_cost_usd::double as current_monthly_cost_usd,
        selected.projected_monthly_cost_usd::double as projected_monthly_cost_usd,
        selected.monthly_savings_usd::double as monthly_savings_usd,
        modes.on_demand_monthly_cost_usd::double as on_demand_monthly_cost_usd,
        modes.provisioned_monthly_cost_usd::double as provisioned_monthly_cost_usd,
        modes.provisioned_cautious_monthly_cost_usd::double as provisioned_cautious_monthly_cost_usd
    from selected
    inner join capacity_mode_recommendations as modes using (recommendation_id)
    where selected.advice = 'change' or $include_keep
    order by
        selected.current_monthly_cost_usd desc nulls last,
        selected.account_id,
        selected.region,
        selected.table_name
    limit $most
"""

_MODE = """
    select
        advice,
        reason,
        current_billing_mode,
        recommended_billing_mode,
        current_monthly_cost_usd::double as current_monthly_cost_usd,
        projected_monthly_cost_usd::double as projected_monthly_cost_usd,
        monthly_savings_usd::double as monthly_savings_usd,
        on_demand_monthly_cost_usd::double as on_demand_monthly_cost_usd,
        provisioned_monthly_cost_usd::double as provisioned_monthly_cost_usd,
        provisioned_cautious_monthly_cost_usd::double as provisioned_cautious_monthly_cost_usd,
        simulated_read_unit_hours,
        simulated_write_unit_hours,
        simulated_throttled_minutes,
        simulated_throttled_units
    from capacity_mode_recommendations
    where account_id = $account_id and region = $region and table_name = $table_name
"""

# What the mode itself costs, in today's class: as_is is one of the two, or fixed capacity.
_LINES = """
    select
        lines.plan,
        lines.index_name,
        lines.component,
        lines.setting,
        lines.unit,
        lines.monthly_quantity::double as monthly_quantity,
        lines.cost_usd::double as cost_usd,
        lines.least_units,
        lines.greatest_units,
        lines.throttled_minutes
    from plan_cost_lines as lines
    inner join dim_tables as tables using (account_id, region, table_name)
    where
        account_id = $account_id
        and region = $region
        and table_name = $table_name
        and lines.table_class = tables.table_class
        and lines.plan in ('as_is', 'on_demand', 'provisioned_autoscaled')
        and lines.component <> 'storage'
    order by lines.plan, lines.index_name nulls first, lines.component
"""

# Utilisation that autoscaling would reach: what is consumed in a month over what would be provisioned for it.
# Both of a month, so that the window's known hours cancel out. Today's class; table and indexes together.
_UTILISATION = """
    with
        simulated as (
            select
                selected.account_id,
                selected.account_name,
                selected.region,
                selected.table_name,
                tables.table_class,
                selected.advice,
                modes.current_billing_mode,
                modes.break_even_utilization,
                modes.write_break_even_utilization,
                count(*) over () as simulated_tables
            from selected
            inner join capacity_mode_recommendations as modes using (recommendation_id)
            inner join dim_tables as tables
                on selected.account_id = tables.account_id
                and selected.region = tables.region
                and selected.table_name = tables.table_name
            where
                modes.on_demand_monthly_cost_usd is not null
                and modes.provisioned_monthly_cost_usd is not null
            order by
                modes.on_demand_monthly_cost_usd desc,
                selected.account_id,
                selected.region,
                selected.table_name
            limit $most
        ),

        dimensions as (
            select
                simulated.*,
                case when lines.component = 'read' then 'reads' else 'writes' end as dimension,
                lines.plan = 'provisioned_autoscaled' as is_simulated,
                lines.monthly_quantity,
                lines.cost_usd
            from simulated
            inner join plan_cost_lines as lines using (account_id, region, table_name, table_class)
            where
                lines.component <> 'storage'
                and (lines.plan = 'provisioned_autoscaled' or lines.unit = 'request units')
        ),

        used as (
            select
                account_id,
                account_name,
                region,
                table_name,
                advice,
                current_billing_mode,
                simulated_tables,
                dimension,
                case
                    when dimension = 'reads' then break_even_utilization else write_break_even_utilization
                end as break_even_utilization,
                (
                    sum(monthly_quantity) filter (not is_simulated)
                    / nullif(3600 * sum(monthly_quantity) filter (is_simulated), 0)
                )::double as utilization,
                (sum(cost_usd) filter (not is_simulated))::double as on_demand_cost_usd,
                (sum(cost_usd) filter (is_simulated))::double as provisioned_cost_usd
            from dimensions
            group by all
        )

    select *
    from used
    where utilization > 0 and on_demand_cost_usd > 0
    order by on_demand_cost_usd desc, account_id, region, table_name, dimension
"""

_RESOURCES = """
    select distinct coalesce(index_name, '') as resource
    from fct_capacity_hourly
    where account_id = $account_id and region = $region and table_name = $table_name
    order by resource
"""

# Means are of minutes: an hour of which little is known weighs little.
_HOURS = """
    with
        hours as (
            select *, row_number() over (order by hour_starts_at) - 1 as place, count(*) over () as hours
            from fct_capacity_hourly
            where
                account_id = $account_id
                and region = $region
                and table_name = $table_name
                and coalesce(index_name, '') = $index_name
        )

    select
        min(hour_starts_at) as starts_at,
        count(*) as hours,
        sum(read_units) / (60 * sum(known_minutes)) as read_mean_units_per_second,
        max(read_max_units_per_second) as read_max_units_per_second,
        sum(read_provisioned_units * known_minutes)
        / sum(known_minutes) filter (read_provisioned_units is not null) as read_provisioned_units,
        sum(read_simulated_units * known_minutes)
        / sum(known_minutes) filter (read_simulated_units is not null) as read_simulated_units,
        sum(write_units) / (60 * sum(known_minutes)) as write_mean_units_per_second,
        max(write_max_units_per_second) as write_max_units_per_second,
        sum(write_provisioned_units * known_minutes)
        / sum(known_minutes) filter (write_provisioned_units is not null) as write_provisioned_units,
        sum(write_simulated_units * known_minutes)
        / sum(known_minutes) filter (write_simulated_units is not null) as write_simulated_units
    from hours
    group by place // ceil(hours / $most)::bigint
    order by starts_at
"""


def modes(view: View) -> pd.DataFrame:
    """Return what the tables that cost most cost in either mode, USD a month, `MOST_BARS` at most.

    The cost of a mode is null where it is not known; of provisioned capacity also where it was not simulated.
    """
    asked = {"include_keep": bars_keep(view, KIND), "most": MOST_BARS}
    return answer(of_kind(view, KIND), _MODES, "comparison of capacity modes", asked)


def mode(view: View, place: Place) -> pd.DataFrame:
    """Return one table's comparison with the result of its simulation: one row, or none."""
    return answer(of_kind(view, KIND), _MODE, "comparison of capacity modes", vars(place))


def lines(view: View, place: Place) -> pd.DataFrame:
    """Return the lines of throughput of one table in today's class: as it is, on-demand, autoscaled."""
    return answer(of_kind(view, KIND), _LINES, "costs of plans by line", vars(place))


def utilization(view: View) -> pd.DataFrame:
    """Return the utilisation (ratio) that autoscaling would reach, per table and dimension.

    Of the `MOST_POINTS` tables with the largest on-demand cost among those that were simulated.
    """
    return answer(of_kind(view, KIND), _UTILISATION, "costs of plans by line", {"most": MOST_POINTS})


def resources(view: View, place: Place) -> list[str]:
    """Return what has capacity over time of a table: empty for the table itself, then its indexes' names."""
    found = answer(of_kind(view, KIND), _RESOURCES, "capacity by the hour", vars(place))
    return list(found["resource"])


def hours(view: View, place: Place, index_name: str) -> pd.DataFrame:
    """Return the capacity over time of a table, or of one of its indexes, in at most `MOST_HOURS` points."""
    asked = {**vars(place), "index_name": index_name, "most": MOST_HOURS}
    return answer(of_kind(view, KIND), _HOURS, "capacity by the hour", asked)
