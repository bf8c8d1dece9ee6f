{%- set least_target = var("target_utilization") or 0.5 -%}
with
    dimensions as (select * from {{ ref("int_costs__dimensions_priced") }}),

    history as (select * from {{ ref("int_capacity__history_judged") }}),

    resources as (select * from {{ ref("int_inventory__resources") }}),

    -- No policy that is safe to advise bills fewer unit-hours: a unit-hour serves 3,600 units, all but
    -- the share that may be throttled is served, and what the full bucket of the start holds comes on top.
    bounded as (
        select
            *,
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
            decision_key,
            current_cost_usd,
            on_demand_cost_usd,
            -- An autoscaled dimension is projected by a ratio of simulations, which has no such bound.
            case
                when is_autoscaled
                then {{ usd("0") }}
                else {{ provisioned_cost(monthly("least_unit_hours", "known_minutes")) }}
            end as least_provisioned_cost_usd,
            request_price_usd is null or unit_hour_price_usd is null as lacks_price
        from bounded
    ),

    costs as (
        select
            decision_key,
            sum(current_cost_usd) as current_cost_usd,
            sum(on_demand_cost_usd) as on_demand_cost_usd,
            sum(least_provisioned_cost_usd) as least_provisioned_cost_usd,
            bool_or(lacks_price) as lacks_price,
            bool_or(current_cost_usd is null or on_demand_cost_usd is null) as lacks_cost
        from costed
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
    and costs.least_provisioned_cost_usd < costs.on_demand_cost_usd
    and costs.current_cost_usd - costs.least_provisioned_cost_usd
    >= {{ var("min_savings") }} as can_provisioned_win
from costs
inner join replicas on costs.decision_key = replicas.decision_key
inner join histories on costs.decision_key = histories.decision_key
