{%- set least_target = var("target_utilization") or 0.5 -%}
with
    dimensions as (select * from {{ ref("int_costs__dimensions_priced") }}),

    dimensions_in_classes as (select * from {{ ref("int_costs__dimensions_in_classes") }}),

    history as (select * from {{ ref("int_capacity__history_judged") }}),

    resources as (select * from {{ ref("int_inventory__resources") }}),

    -- No policy that is safe to advise bills fewer unit-hours: a unit-hour serves 3,600 units, all but
    -- the share that may be throttled is served, and what the full bucket of the start holds comes on top.
    bounded as (
        select
            resource_dimension_key,
            is_autoscaled,
            known_minutes,
            greatest(
                known_minutes / 60.0,
                (
                    consumed_units * (1 - {{ var("safe_throttled_share") }})
                    - {{ var("safe_burst_seconds") }} * (max_units_per_second / {{ least_target }} + 1)
                )
                / 3600
            ) as least_unit_hours
        from dimensions
    ),

    costed as (
        select
            dimensions_in_classes.*,
            -- An autoscaled dimension is projected by a ratio of simulations, which has no such bound.
            case
                when bounded.is_autoscaled
                then {{ usd("0") }}
                else {{ provisioned_cost(monthly("bounded.least_unit_hours", "bounded.known_minutes")) }}
            end as least_provisioned_cost_usd,
            dimensions_in_classes.request_price_usd is null
            or dimensions_in_classes.unit_hour_price_usd is null as lacks_price
        from dimensions_in_classes
        inner join bounded on dimensions_in_classes.resource_dimension_key = bounded.resource_dimension_key
    ),

    classes as (
        select
            table_key,
            table_class,
            max(decision_key) as decision_key,
            bool_or(is_in_force) as is_in_force,
            sum(as_is_cost_usd) as as_is_cost_usd,
            sum(on_demand_cost_usd) as on_demand_cost_usd,
            sum(least_provisioned_cost_usd) as least_provisioned_cost_usd,
            bool_or(lacks_price) as lacks_price,
            bool_or(as_is_cost_usd is null or on_demand_cost_usd is null) as lacks_cost
        from costed
        group by table_key, table_class
    ),

    -- Storage costs the same in every mode of a class, so that it has no say in whether provisioned
    -- capacity can win in it. Each table counts with the class that speaks most for it: a bound of all
    -- the classes that a plan may name.
    tables as (
        select
            table_key,
            max(decision_key) as decision_key,
            max(case when is_in_force then as_is_cost_usd end) as current_cost_usd,
            max(case when is_in_force then on_demand_cost_usd end) as on_demand_cost_usd,
            max(case when is_in_force then least_provisioned_cost_usd end) as least_provisioned_cost_usd,
            bool_or(is_in_force and lacks_price) as lacks_price,
            bool_or(is_in_force and lacks_cost) as lacks_cost,
            max(on_demand_cost_usd - least_provisioned_cost_usd) as greatest_lead_usd,
            max(as_is_cost_usd - least_provisioned_cost_usd) as greatest_saving_usd
        from classes
        group by table_key
    ),

    costs as (
        select
            decision_key,
            sum(current_cost_usd) as current_cost_usd,
            sum(on_demand_cost_usd) as on_demand_cost_usd,
            sum(least_provisioned_cost_usd) as least_provisioned_cost_usd,
            bool_or(lacks_price) as lacks_price,
            bool_or(lacks_cost) as lacks_cost,
            sum(greatest_lead_usd) as greatest_lead_usd,
            sum(greatest_saving_usd) as greatest_saving_usd
        from tables
        group by decision_key
    ),

    replicas as (
        select
            decision_key,
            max(coalesce(len(replica_regions), 1)) as replicas_expected,
            count(distinct case when not is_index then region end) as replicas_loaded
        from resources
        group by decision_key
    ),

    histories as (
        select
            decision_key,
            bool_and(has_enough_history) as has_enough_history,
            max(known_minutes_at_300) > 0 as has_coarse_points
        from history
        group by decision_key
    )

select
    costs.decision_key,
    replicas.replicas_expected,
    replicas.replicas_loaded,
    replicas.replicas_loaded >= replicas.replicas_expected as has_all_replicas,
    histories.has_enough_history,
    histories.has_coarse_points,
    not costs.lacks_price as has_prices,
    {{ usd("costs.current_cost_usd") }} as current_cost_usd,
    {{ usd("costs.on_demand_cost_usd") }} as on_demand_cost_usd,
    {{ usd("costs.least_provisioned_cost_usd") }} as least_provisioned_cost_usd,
    replicas.replicas_loaded >= replicas.replicas_expected
    and histories.has_enough_history
    and not histories.has_coarse_points
    and not costs.lacks_price
    and not costs.lacks_cost
    and costs.greatest_lead_usd > 0
    and costs.greatest_saving_usd >= {{ var("min_savings") }} as can_provisioned_win
from costs
inner join replicas on costs.decision_key = replicas.decision_key
inner join histories on costs.decision_key = histories.decision_key
