with
    dimensions as (
        select * from {{ ref("int_costs__dimensions_priced") }} where billing_mode = 'PROVISIONED'
    ),

    policies as (select * from {{ ref("int_capacity__policies_chosen") }} where purpose = 'minimum'),

    history as (select * from {{ ref("int_capacity__history_judged") }}),

    sunk as (select * from {{ ref("int_commitments__sunk_valued") }}),

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
            sunk.reserved_rate_usd,
            sunk.plan_rate_usd,
            greatest(sunk.reserved_ends_at, sunk.plan_ends_at) as sunk_ends_at,
            {{ needed_units() }} as needed_units
        from dimensions
        inner join history on dimensions.resource_key = history.resource_key
        left join
            policies
            on dimensions.resource_key = policies.resource_key
            and dimensions.dimension = policies.dimension
        left join
            sunk
            on dimensions.table_key = sunk.table_key
            and case when dimensions.is_replicated_write then 'replicated_write' else dimensions.dimension end
            = sunk.component
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
    ),

    -- What reserved capacity and a savings plan cover of the units today, and would not of fewer.
    left_over as (
        select
            *,
            case
                when is_cut
                then least(sunk_unit_hours, monthly_unit_hours) - least(sunk_unit_hours, proposed_unit_hours)
                else 0
            end as stranded_unit_hours,
            case
                when is_cut and sunk_plan_usd > 0
                then
                    {{
                        quantity(
                            "cast(least(sunk_plan_usd, "
                            ~ paid_unit_hours("monthly_unit_hours")
                            ~ " * unit_hour_price_usd) - least(sunk_plan_usd, "
                            ~ paid_unit_hours("proposed_unit_hours")
                            ~ " * unit_hour_price_usd) as double) / unit_hour_price_usd"
                        )
                    }}
                else 0
            end as unplanned_unit_hours
        from costed
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
    list_proposed_cost_usd,
    {{
        usd(
            "case when stranded_unit_hours > 0 then cast(stranded_unit_hours as double) * reserved_rate_usd else 0 end"
            ~ " + case when unplanned_unit_hours > 0 then cast(unplanned_unit_hours as double) * plan_rate_usd else 0 end"
        )
    }}
    as stranded_usd,
    case when stranded_unit_hours > 0 or unplanned_unit_hours > 0 then sunk_ends_at end as stranded_until_at
from left_over
