{%- set least_saving = "%.2f USD" | format(var("min_savings") | float) -%}
with
    compared as (select * from {{ ref("int_capacity__modes_compared") }}),

    decided as (select * from {{ ref("int_capacity__modes_decided") }}),

    settings as (select * from {{ ref("int_capacity__settings_written") }}),

    -- Of the rows of a table and its indexes the table's own.
    notes as (select * from {{ ref("int_coverage__notes_written") }} where resource_key = table_key),

    -- Of the modes that may be advised, in the class in force.
    stranded as (
        select
            alternatives.table_key,
            case
                when alternatives.plan = 'on_demand' then 'PAY_PER_REQUEST' else 'PROVISIONED'
            end as billing_mode,
            stranded.stranded_usd,
            stranded.note
        from {{ ref("int_commitments__stranded") }} as stranded
        inner join
            {{ ref("int_plans__tables_priced") }} as alternatives
            on stranded.plan_alternative_key = alternatives.plan_alternative_key
        where alternatives.is_class_in_force and alternatives.plan in ('on_demand', 'provisioned_autoscaled')
    ),

    models as (select * from {{ ref("int_reconciliation__models_judged") }}),

    accounts as (select account_id, account_name, ou_path from {{ ref("dim_accounts") }}),

    chosen as (
        select
            compared.* exclude (
                throttle_events, has_on_demand_maximum, exceeds_quota, outgrows_earlier_peaks
            ),
            decided.recommended_billing_mode,
            decided.keep_reason,
            decided.tables,
            decided.replicas_expected,
            decided.replicas_loaded,
            decided.history_problem,
            notes.decision_notes,
            decided.coverage_ratio,
            decided.window_start,
            decided.window_end,
            decided.throttle_events,
            decided.has_on_demand_maximum,
            decided.exceeds_quota,
            decided.outgrows_earlier_peaks,
            case
                decided.recommended_billing_mode
                when 'PROVISIONED'
                then decided.provisioned_saving_usd
                when 'PAY_PER_REQUEST'
                then decided.on_demand_saving_usd
                else {{ usd("0") }}
            end as decision_savings_usd,
            {% for price in ["", "list_"] %}
                case
                    decided.recommended_billing_mode
                    when 'PROVISIONED'
                    then compared.{{ price }}provisioned_cost_usd
                    when 'PAY_PER_REQUEST'
                    then compared.{{ price }}on_demand_cost_usd
                    else compared.{{ price }}current_cost_usd
                end as {{ price }}projected_cost_usd,
            {% endfor %}
            case
                when compared.billing_mode = 'PROVISIONED'
                then settings.provisioned_current_setting
                else '{"billing_mode":"PAY_PER_REQUEST"}'
            end as current_setting,
            case
                when decided.recommended_billing_mode = 'PROVISIONED'
                then settings.provisioned_policy_setting
                when decided.recommended_billing_mode = 'PAY_PER_REQUEST'
                then '{"billing_mode":"PAY_PER_REQUEST"}'
            end as recommended_setting,
            {{
                confidence(
                    "decided.window_start",
                    "decided.window_end",
                    "decided.coverage_ratio",
                    "decided.resolution_seconds",
                    "decided.throttle_events",
                    "compared.price_source",
                    "(decided.has_on_demand_maximum or decided.exceeds_quota or decided.outgrows_earlier_peaks)",
                )
            }}
            as confidence,
            {{ risk("decided.throttle_events", "decided.p99_utilization", "decided.peak_to_mean") }} as risk
        from compared
        inner join decided on compared.decision_key = decided.decision_key
        inner join settings on compared.table_key = settings.table_key
        inner join notes on compared.table_key = notes.table_key
    ),

    explained as (
        select
            *,
            case
                when recommended_billing_mode = 'PROVISIONED'
                then
                    concat(
                        'Provisioned capacity with autoscaling would cost ',
                        {{ usd_text("provisioned_cost_usd") }},
                        ' a month as simulated on the window, against ',
                        {{ usd_text("current_cost_usd") }},
                        ' today and ',
                        {{ usd_text("on_demand_cost_usd") }},
                        ' on-demand, with ',
                        {{ number_text("simulated_throttled_minutes") }},
                        ' throttled minutes'
                    )
                when recommended_billing_mode = 'PAY_PER_REQUEST'
                then
                    concat(
                        'On-demand would cost ',
                        {{ usd_text("on_demand_cost_usd") }},
                        ' a month for the ',
                        {{ number_text("read_monthly_requests / 1e6", 1) }},
                        ' million read and ',
                        {{ number_text("write_monthly_requests / 1e6", 1) }},
                        ' million write units used, against ',
                        {{ usd_text("current_cost_usd") }},
                        ' for the capacity provisioned today'
                    )
                when keep_reason = 'account_inactive'
                then concat('No advice: ', history_problem)
                when keep_reason = 'replicas_missing'
                then
                    concat(
                        'Only ',
                        replicas_loaded,
                        ' of ',
                        replicas_expected,
                        ' replicas of this global table are loaded, and their mode is one decision'
                    )
                when keep_reason = 'too_little_history'
                then concat('Too little history of the table or one of its indexes: ', history_problem)
                when keep_reason = 'no_price'
                then
                    concat(
                        'The price list has no price of ',
                        concat_ws(
                            ' and ',
                            case when lacks_request_price then 'on-demand throughput' end,
                            case when lacks_unit_hour_price then 'provisioned throughput' end
                        ),
                        ' for ',
                        table_class,
                        ' in ',
                        region
                    )
                when keep_reason = 'throttled'
                then
                    concat(
                        'Less capacity would be cheaper, but ',
                        {{ number_text("throttle_events") }},
                        ' throttle events say that demand was higher than what was seen'
                    )
                when keep_reason = 'not_robust'
                then
                    concat(
                        'Provisioned capacity would cost ',
                        {{ usd_text("provisioned_cost_usd") }},
                        ' a month as simulated, but up to ',
                        {{ usd_text("greatest(provisioned_cost_upper_usd, provisioned_cost_held_usd)") }},
                        ' by the most cautious reading of how it is billed, which does not save {{ least_saving }}'
                    )
                when keep_reason = 'coarse_points'
                then
                    'Part of the window is known in 300-second points only, which never justify provisioned capacity'
                when keep_reason = 'below_min_savings'
                then
                    concat(
                        'Costs ',
                        {{ usd_text("current_cost_usd") }},
                        ' a month, and no other mode saves {{ least_saving }}'
                    )
                else
                    concat(
                        'Costs ',
                        {{ usd_text("current_cost_usd") }},
                        ' a month, and nothing is cheaper: on-demand costs ',
                        {{ usd_text("on_demand_cost_usd") }},
                        case
                            when provisioned_cost_usd is not null
                            then
                                concat(
                                    ', provisioned with autoscaling ', {{ usd_text("provisioned_cost_usd") }}
                                )
                        end
                    )
            end as finding,
            concat(
                {{ replicas_note() }},
                {{
                    demand_notes(
                        "case when coalesce(keep_reason, '') <> 'throttled' then throttle_events end"
                    )
                }},
                decision_notes
            ) as notes
        from chosen
    )

select
    {{
        surrogate_key(
            ["explained.account_id", "explained.region", "explained.table_name", "null", "'capacity_mode'"]
        )
    }} as recommendation_id,
    'capacity_mode' as kind,
    explained.account_id,
    coalesce(accounts.account_name, explained.account_id) as account_name,
    accounts.ou_path,
    explained.region,
    explained.table_name,
    cast(null as {{ dbt.type_string() }}) as index_name,
    explained.current_setting,
    coalesce(explained.recommended_setting, explained.current_setting) as recommended_setting,
    explained.current_cost_usd as current_monthly_cost_usd,
    explained.projected_cost_usd as projected_monthly_cost_usd,
    {{ usd("coalesce(explained.current_cost_usd - explained.projected_cost_usd, 0)") }}
    as monthly_savings_usd,
    {{ usd("coalesce(explained.current_cost_usd - explained.projected_cost_usd, 0) * 12") }}
    as annual_savings_usd,
    explained.list_current_cost_usd,
    explained.list_projected_cost_usd,
    {{
        usd(
            "case when explained.keep_reason is null then explained.list_current_cost_usd - explained.list_projected_cost_usd else 0 end"
        )
    }}
    as list_monthly_savings_usd,
    case
        when explained.keep_reason is null then stranded.stranded_usd else {{ usd("0") }}
    end as stranded_commitment_usd,
    '{{ price_basis() }}' as price_basis,
    explained.price_source,
    explained.price_effective_on,
    explained.window_start,
    explained.window_end,
    explained.coverage_ratio,
    {{ confidence_in_model("explained.confidence", "models.is_off") }} as confidence,
    models.error_pct as model_error_pct,
    explained.risk,
    case when explained.keep_reason is null then 'change' else 'keep' end as advice,
    explained.keep_reason,
    concat(explained.finding, '; ' || stranded.note, explained.notes, {{ model_note() }}, '.') as reason,
    explained.table_key,
    explained.decision_key,
    explained.billing_mode as current_billing_mode,
    coalesce(explained.recommended_billing_mode, explained.billing_mode) as recommended_billing_mode,
    explained.on_demand_cost_usd as on_demand_monthly_cost_usd,
    explained.provisioned_cost_usd as provisioned_monthly_cost_usd,
    {{ usd("greatest(explained.provisioned_cost_upper_usd, explained.provisioned_cost_held_usd)") }}
    as provisioned_cautious_monthly_cost_usd,
    {{ usd("explained.decision_savings_usd") }} as decision_savings_usd,
    explained.read_break_even_utilization as break_even_utilization,
    explained.write_break_even_utilization,
    explained.simulated_read_unit_hours,
    explained.simulated_write_unit_hours,
    explained.simulated_read_greatest_units,
    explained.simulated_write_greatest_units,
    explained.simulated_throttled_minutes,
    explained.simulated_throttled_units
from explained
left join
    stranded
    on explained.table_key = stranded.table_key
    and explained.recommended_billing_mode = stranded.billing_mode
left join models on explained.table_key = models.table_key
left join accounts on explained.account_id = accounts.account_id
