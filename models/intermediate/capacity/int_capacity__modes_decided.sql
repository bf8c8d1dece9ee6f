{%- set min_savings = var("min_savings") -%}
with
    compared as (select * from {{ ref("int_capacity__modes_compared") }}),

    screened as (select * from {{ ref("int_capacity__decisions_screened") }}),

    history as (select * from {{ ref("int_capacity__history_judged") }}),

    histories as (
        select
            decision_key,
            min(coverage_ratio) as coverage_ratio,
            max(resolution_seconds) as resolution_seconds,
            max(window_start) as window_start,
            max(window_end) as window_end,
            max(history_problem) as history_problem,
            max(inactive_because) as inactive_because
        from history
        group by decision_key
    ),

    -- A global table's replicas share their mode: what counts is the sum.
    totals as (
        select
            decision_key,
            count(*) as tables,
            max(billing_mode) as billing_mode,
            {{ usd(complete_sum("current_cost_usd")) }} as current_cost_usd,
            {{ usd(complete_sum("on_demand_cost_usd")) }} as on_demand_cost_usd,
            {{ usd(complete_sum("provisioned_cost_usd")) }} as provisioned_cost_usd,
            {{ usd(complete_sum("provisioned_cost_upper_usd")) }} as provisioned_cost_upper_usd,
            {{ usd(complete_sum("provisioned_cost_held_usd")) }} as provisioned_cost_held_usd,
            sum(throttle_events) as throttle_events,
            max(p99_utilization) as p99_utilization,
            max(peak_to_mean) as peak_to_mean,
            max(peak_units_per_second) as peak_units_per_second,
            bool_or(cuts_throttled_dimension) as cuts_throttled_dimension,
            bool_or(has_on_demand_maximum) as has_on_demand_maximum,
            bool_or(exceeds_quota) as exceeds_quota,
            bool_or(outgrows_earlier_peaks) as outgrows_earlier_peaks,
            bool_or(lacks_request_price) as lacks_request_price,
            bool_or(lacks_unit_hour_price) as lacks_unit_hour_price
        from compared
        group by decision_key
    ),

    judged as (
        select
            totals.*,
            histories.coverage_ratio,
            histories.resolution_seconds,
            histories.window_start,
            histories.window_end,
            histories.history_problem,
            histories.inactive_because,
            screened.replicas_expected,
            screened.replicas_loaded,
            screened.has_coarse_points,
            screened.least_provisioned_cost_usd,
            screened.has_all_replicas
            and screened.has_enough_history
            and screened.has_prices as can_be_judged,
            case
                when totals.billing_mode = 'PAY_PER_REQUEST'
                then {{ usd("0") }}
                else totals.current_cost_usd - totals.on_demand_cost_usd
            end as on_demand_saving_usd,
            totals.current_cost_usd - totals.provisioned_cost_usd as provisioned_saving_usd,
            -- Cheapest and worth it as simulated; then again if AWS billed every hour at its highest
            -- capacity, and if it never scaled in while nothing is consumed.
            {% for name, cost in [
                ("is_provisioned_best", "provisioned_cost_usd"),
                ("is_provisioned_best_upper", "provisioned_cost_upper_usd"),
                ("is_provisioned_best_held", "provisioned_cost_held_usd"),
            ] %}
                coalesce(
                    totals.{{ cost }} < totals.on_demand_cost_usd
                    and totals.current_cost_usd - totals.{{ cost }} >= {{ min_savings }},
                    false
                ) as {{ name }} {{ "," if not loop.last }}
            {% endfor %}
        from totals
        inner join screened on totals.decision_key = screened.decision_key
        inner join histories on totals.decision_key = histories.decision_key
    ),

    chosen as (
        select
            *,
            case
                when not can_be_judged
                then null
                when
                    is_provisioned_best
                    and is_provisioned_best_upper
                    and is_provisioned_best_held
                    and not cuts_throttled_dimension
                then 'PROVISIONED'
                when on_demand_saving_usd >= {{ min_savings }}
                then 'PAY_PER_REQUEST'
            end as recommended_billing_mode
        from judged
    )

select
    decision_key,
    tables,
    billing_mode,
    recommended_billing_mode,
    case
        when recommended_billing_mode is not null
        then null
        when inactive_because is not null
        then 'account_inactive'
        when replicas_loaded < replicas_expected
        then 'replicas_missing'
        when history_problem is not null
        then 'too_little_history'
        when not can_be_judged
        then 'no_price'
        when is_provisioned_best and cuts_throttled_dimension
        then 'throttled'
        when is_provisioned_best
        then 'not_robust'
        when
            has_coarse_points
            and least_provisioned_cost_usd < on_demand_cost_usd
            and current_cost_usd - least_provisioned_cost_usd >= {{ min_savings }}
        then 'coarse_points'
        when
            current_cost_usd < {{ min_savings }}
            or greatest(on_demand_saving_usd, coalesce(provisioned_saving_usd, on_demand_saving_usd)) > 0
        then 'below_min_savings'
        else 'already_best'
    end as keep_reason,
    current_cost_usd,
    on_demand_cost_usd,
    provisioned_cost_usd,
    least_provisioned_cost_usd,
    on_demand_saving_usd,
    provisioned_saving_usd,
    replicas_expected,
    replicas_loaded,
    history_problem,
    coverage_ratio,
    resolution_seconds,
    window_start,
    window_end,
    throttle_events,
    p99_utilization,
    peak_to_mean,
    peak_units_per_second,
    has_on_demand_maximum,
    exceeds_quota,
    outgrows_earlier_peaks,
    cuts_throttled_dimension,
    lacks_request_price,
    lacks_unit_hour_price
from chosen
