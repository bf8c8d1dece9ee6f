with
    dimensions as (select * from {{ ref("int_costs__dimensions_priced") }}),

    policies as (select * from {{ ref("int_capacity__policies_chosen") }} where purpose = 'search'),

    peaks as (select * from {{ ref("int_capacity__peaks_compared") }}),

    compared as (
        select
            dimensions.*,
            policies.cost_usd as provisioned_cost_usd,
            policies.list_cost_usd as list_provisioned_cost_usd,
            policies.cost_upper_usd as provisioned_cost_upper_usd,
            policies.cost_held_usd as provisioned_cost_held_usd,
            policies.throttled_minutes as simulated_throttled_minutes,
            policies.throttled_units as simulated_throttled_units,
            policies.unit_hours as simulated_unit_hours,
            policies.greatest_units as simulated_greatest_units,
            coalesce(peaks.outgrows_earlier_peaks, false) as outgrows_earlier_peaks,
            dimensions.throttle_events > 0
            and policies.monthly_unit_hours < dimensions.monthly_unit_hours as cuts_throttled_dimension
        from dimensions
        left join
            policies
            on dimensions.resource_key = policies.resource_key
            and dimensions.dimension = policies.dimension
        left join peaks on dimensions.resource_dimension_key = peaks.resource_dimension_key
    )

select
    table_key,
    max(decision_key) as decision_key,
    max(account_id) as account_id,
    max(region) as region,
    max(table_name) as table_name,
    max(billing_mode) as billing_mode,
    max(table_class) as table_class,
    max(price_source) as price_source,
    max(price_effective_on) as price_effective_on,
    {% for cost in [
        "current_cost_usd",
        "on_demand_cost_usd",
        "provisioned_cost_usd",
        "provisioned_cost_upper_usd",
        "provisioned_cost_held_usd",
        "list_current_cost_usd",
        "list_on_demand_cost_usd",
        "list_provisioned_cost_usd",
    ] %}
        {{ usd(complete_sum(cost)) }} as {{ cost }},
    {% endfor %}
    cast(sum(simulated_throttled_minutes) as bigint) as simulated_throttled_minutes,
    sum(simulated_throttled_units) as simulated_throttled_units,
    {% for dimension in ["read", "write"] %}
        sum(
            case when dimension = '{{ dimension }}' then monthly_requests end
        ) as {{ dimension }}_monthly_requests,
        sum(
            case when dimension = '{{ dimension }}' then simulated_unit_hours end
        ) as simulated_{{ dimension }}_unit_hours,
        max(
            case when dimension = '{{ dimension }}' and not is_index then simulated_greatest_units end
        ) as simulated_{{ dimension }}_greatest_units,
        max(
            case
                when dimension = '{{ dimension }}' and not is_index
                then cast(unit_hour_price_usd as double) / nullif(3600 * cast(request_price_usd as double), 0)
            end
        ) as {{ dimension }}_break_even_utilization,
    {% endfor %}
    sum(throttle_events) as throttle_events,
    max(p99_utilization) as p99_utilization,
    max(peak_to_mean) as peak_to_mean,
    max(max_units_per_second) as peak_units_per_second,
    coalesce(bool_or(cuts_throttled_dimension), false) as cuts_throttled_dimension,
    bool_or(billing_mode = 'PAY_PER_REQUEST' and on_demand_max_units is not null) as has_on_demand_maximum,
    coalesce(bool_or(max_units_per_second > {{ var("max_capacity") }}), false) as exceeds_quota,
    bool_or(outgrows_earlier_peaks) as outgrows_earlier_peaks,
    bool_or(request_price_usd is null) as lacks_request_price,
    bool_or(unit_hour_price_usd is null) as lacks_unit_hour_price
from compared
group by table_key
