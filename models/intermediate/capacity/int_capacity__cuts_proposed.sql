with
    dimensions as (
        select * from {{ ref("int_costs__dimensions_priced") }} where billing_mode = 'PROVISIONED'
    ),

    policies as (select * from {{ ref("int_capacity__policies_chosen") }} where purpose = 'minimum'),

    history as (select * from {{ ref("int_capacity__history_judged") }}),

    needs as (
        select
            dimensions.*,
            history.has_enough_history,
            history.inactive_because,
            history.known_minutes_at_300 > 0 as has_coarse_points,
            policies.minimum as safe_minimum,
            policies.maximum as safe_maximum,
            policies.monthly_unit_hours as policy_monthly_unit_hours,
            policies.throttled_minutes as policy_throttled_minutes,
            {{ needed_units() }} as needed_units
        from dimensions
        inner join history on dimensions.resource_key = history.resource_key
        left join
            policies
            on dimensions.resource_key = policies.resource_key
            and dimensions.dimension = policies.dimension
    ),

    proposed as (
        select
            *,
            case
                when is_autoscaled
                then policy_monthly_unit_hours
                else {{ quantity("needed_units * " ~ hours_per_month()) }}
            end as proposed_unit_hours,
            case
                when inactive_because is not null
                then 'account_inactive'
                when not has_enough_history
                then 'too_little_history'
                when unit_hour_price_usd is null
                then 'no_price'
                when
                    is_autoscaled
                    and (
                        coalesce(safe_minimum >= autoscaling_min, true)
                        or policy_monthly_unit_hours >= monthly_unit_hours
                    )
                then 'already_best'
                when
                    not is_autoscaled
                    -- The slack is for a mean of equal ratios, which may come out a hair below them.
                    and coalesce(
                        mean_utilization >= {{ var("low_utilization_threshold") }} / 100.0 - 1e-9, true
                    )
                then 'well_used'
                when not is_autoscaled and needed_units >= units
                then 'peak_needs_it'
                when throttle_events > 0
                then 'throttled'
                when has_coarse_points
                then 'coarse_points'
            end as keep_reason
        from needs
    ),

    costed as (
        select
            *,
            keep_reason is null as is_cut,
            {% for price in ["", "list_"] %}
                case
                    when keep_reason is null
                    then {{ provisioned_cost("proposed_unit_hours", price) }}
                    else {{ price }}current_cost_usd
                end as {{ price }}proposed_cost_usd {{ "," if not loop.last }}
            {% endfor %}
        from proposed
    )

select
    resource_dimension_key,
    resource_key,
    dimension,
    is_autoscaled,
    units,
    autoscaling_min,
    autoscaling_max,
    autoscaling_target,
    needed_units,
    safe_minimum,
    safe_maximum,
    policy_throttled_minutes,
    mean_utilization,
    greatest(
        coalesce(stored_peak_units_per_second, 0), coalesce(max_units_per_second, 0)
    ) as stored_peak_units_per_second,
    long_memory_peak_units_per_second,
    long_memory_peak_at,
    throttle_events,
    is_cut,
    -- A resource is worth changing by what both of its dimensions save.
    is_cut
    and coalesce(sum(current_cost_usd - proposed_cost_usd) over (partition by resource_key), 0)
    >= {{ var("min_savings") }} as is_advised,
    keep_reason,
    current_cost_usd,
    proposed_cost_usd,
    list_current_cost_usd,
    list_proposed_cost_usd
from costed
