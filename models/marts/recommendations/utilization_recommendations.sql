{%- set min_savings = var("min_savings") -%}
with
    resources as (select * from {{ ref("int_inventory__resources") }} where billing_mode = 'PROVISIONED'),

    dimensions as (select * from {{ ref("int_costs__dimensions_priced") }}),

    cuts as (select * from {{ ref("int_capacity__cuts_proposed") }}),

    history as (select * from {{ ref("int_capacity__history_judged") }}),

    notes as (select resource_key, resource_notes from {{ ref("int_coverage__notes_written") }}),

    models as (select * from {{ ref("int_reconciliation__models_judged") }}),

    accounts as (select account_id, account_name, ou_path from {{ ref("dim_accounts") }}),

    described as (
        select
            *,
            {{ dimension_setting("cuts") }} as current_setting,
            case
                when not is_cut
                then null
                when is_autoscaled
                then {{ policy_setting("safe_minimum", "safe_maximum", "autoscaling_target") }}
                else {{ units_setting("needed_units") }}
            end as cut_setting,
            case
                when not is_cut
                then null
                when is_autoscaled
                then
                    concat(
                        dimension,
                        's stay safe with a minimum of ',
                        {{ number_text("safe_minimum") }},
                        ' instead of ',
                        {{ number_text("autoscaling_min") }},
                        ' units (',
                        {{ number_text("policy_throttled_minutes") }},
                        ' throttled minutes as simulated)'
                    )
                else
                    concat(
                        dimension,
                        's use ',
                        {{ percent_text("mean_utilization") }},
                        ' of ',
                        {{ number_text("units") }},
                        ' units on average and ',
                        {{ number_text("stored_peak_units_per_second", 1) }},
                        ' a second in the highest minute, so ',
                        {{ number_text("needed_units") }},
                        ' are enough',
                        case
                            when long_memory_peak_units_per_second > stored_peak_units_per_second
                            then
                                concat(
                                    ' for the highest hour known (',
                                    {{ number_text("long_memory_peak_units_per_second", 1) }},
                                    ' a second on ',
                                    cast(cast(long_memory_peak_at as date) as {{ dbt.type_string() }}),
                                    ')'
                                )
                        end
                    )
            end as finding
        from cuts
    ),

    merged as (
        select
            resource_key,
            {% for dimension in ["read", "write"] %}
                max(
                    case when dimension = '{{ dimension }}' then current_setting end
                ) as current_{{ dimension }}_setting,
                max(
                    case when dimension = '{{ dimension }}' then coalesce(cut_setting, current_setting) end
                ) as proposed_{{ dimension }}_setting,
                max(case when dimension = '{{ dimension }}' then finding end) as {{ dimension }}_finding,
                max(
                    case when dimension = '{{ dimension }}' then mean_utilization end
                ) as {{ dimension }}_mean_of_finding,
                max(
                    case when dimension = '{{ dimension }}' then stored_peak_units_per_second end
                ) as {{ dimension }}_stored_peak_units_per_second,
            {% endfor %}
            bool_or(is_cut) as has_cut,
            bool_or(is_advised) as is_advised,
            -- What speaks loudest against a cut, where neither dimension has one.
            case
                {% for code in [
                    "account_inactive",
                    "too_little_history",
                    "no_price",
                    "throttled",
                    "coarse_points",
                    "peak_needs_it",
                    "well_used",
                ] %}
                    when bool_or(keep_reason = '{{ code }}') then '{{ code }}'
                {% endfor %}
                else 'already_best'
            end as obstacle,
            {% for cost in [
                "current_cost_usd",
                "proposed_cost_usd",
                "list_current_cost_usd",
                "list_proposed_cost_usd",
                "stranded_usd",
            ] %}
                {{ usd(complete_sum(cost)) }} as {{ cost }},
            {% endfor %}
            max(stranded_until_at) as stranded_until_at
        from described
        group by resource_key
    ),

    statistics as (
        select
            resource_key,
            {% for dimension in ["read", "write"] %}
                {% for statistic in ["mean", "p50", "p90", "p95", "p99", "max"] %}
                    max(
                        case when dimension = '{{ dimension }}' then {{ statistic }}_utilization end
                    ) as {{ dimension }}_{{ statistic }}_utilization,
                {% endfor %}
            {% endfor %}
            max(price_source) as price_source,
            max(price_effective_on) as price_effective_on,
            max(p99_utilization) as p99_utilization,
            max(peak_to_mean) as peak_to_mean
        from dimensions
        group by resource_key
    ),

    decided as (
        select
            merged.*,
            case
                when not merged.has_cut
                then merged.obstacle
                when not merged.is_advised
                then 'below_min_savings'
            end as keep_reason
        from merged
    )

select
    {{
        surrogate_key(
            [
                "resources.account_id",
                "resources.region",
                "resources.table_name",
                "resources.index_name",
                "'utilization'",
            ]
        )
    }} as recommendation_id,
    'utilization' as kind,
    resources.account_id,
    coalesce(accounts.account_name, resources.account_id) as account_name,
    accounts.ou_path,
    resources.region,
    resources.table_name,
    resources.index_name,
    '{'
    || {{ read_write_setting("decided.current_read_setting", "decided.current_write_setting") }}
    || '}' as current_setting,
    case
        when decided.keep_reason is null
        then
            '{'
            || {{ read_write_setting("decided.proposed_read_setting", "decided.proposed_write_setting") }}
            || '}'
        else
            '{'
            || {{ read_write_setting("decided.current_read_setting", "decided.current_write_setting") }}
            || '}'
    end as recommended_setting,
    decided.current_cost_usd as current_monthly_cost_usd,
    case
        when decided.keep_reason is null then decided.proposed_cost_usd else decided.current_cost_usd
    end as projected_monthly_cost_usd,
    {{
        usd(
            "case when decided.keep_reason is null then decided.current_cost_usd - decided.proposed_cost_usd else 0 end"
        )
    }}
    as monthly_savings_usd,
    {{
        usd(
            "case when decided.keep_reason is null then 12 * (decided.current_cost_usd - decided.proposed_cost_usd) else 0 end"
        )
    }}
    as annual_savings_usd,
    decided.list_current_cost_usd,
    case
        when decided.keep_reason is null
        then decided.list_proposed_cost_usd
        else decided.list_current_cost_usd
    end as list_projected_cost_usd,
    {{
        usd(
            "case when decided.keep_reason is null then decided.list_current_cost_usd - decided.list_proposed_cost_usd else 0 end"
        )
    }}
    as list_monthly_savings_usd,
    case
        when decided.keep_reason is null then decided.stranded_usd else {{ usd("0") }}
    end as stranded_commitment_usd,
    '{{ price_basis() }}' as price_basis,
    statistics.price_source,
    statistics.price_effective_on,
    history.window_start,
    history.window_end,
    history.coverage_ratio,
    {{
        confidence_in_model(
            confidence(
                "history.window_start",
                "history.window_end",
                "history.coverage_ratio",
                "history.resolution_seconds",
                "history.throttle_events",
                "statistics.price_source",
            ),
            "models.is_off",
        )
    }} as confidence,
    models.error_pct as model_error_pct,
    {{ risk("history.throttle_events", "statistics.p99_utilization", "statistics.peak_to_mean") }} as risk,
    case when decided.keep_reason is null then 'change' else 'keep' end as advice,
    decided.keep_reason,
    concat(
        case
            when decided.keep_reason is null
            then
                concat(
                    upper(substring(concat_ws('; ', decided.read_finding, decided.write_finding), 1, 1)),
                    substring(concat_ws('; ', decided.read_finding, decided.write_finding), 2),
                    ': saves ',
                    {{ usd_text("decided.current_cost_usd - decided.proposed_cost_usd") }},
                    ' a month'
                )
            when decided.keep_reason = 'account_inactive'
            then concat('No advice: ', history.inactive_because)
            when decided.keep_reason = 'too_little_history'
            then concat('Too little history: ', history.history_problem)
            when decided.keep_reason = 'no_price'
            then
                concat(
                    'The price list has no price of provisioned throughput for ',
                    resources.table_class,
                    ' in ',
                    resources.region
                )
            when decided.keep_reason = 'throttled'
            then
                concat(
                    {{ number_text("history.throttle_events") }},
                    ' throttle events in the window say that demand was higher than what was seen'
                )
            when decided.keep_reason = 'coarse_points'
            then 'Part of the window is known in 300-second points only, which never justify a cut'
            when decided.keep_reason = 'peak_needs_it'
            then
                concat(
                    'The highest minute known, ',
                    {{ number_text("decided.read_stored_peak_units_per_second", 1) }},
                    ' reads and ',
                    {{ number_text("decided.write_stored_peak_units_per_second", 1) }},
                    ' writes a second, needs the capacity there is'
                )
            when decided.keep_reason = 'below_min_savings'
            then
                concat(
                    'What is not used would save ',
                    {{ usd_text("coalesce(decided.current_cost_usd - decided.proposed_cost_usd, 0)") }},
                    ' a month, less than {{ "%.2f" | format(min_savings | float) }} USD'
                )
            when decided.keep_reason = 'well_used'
            then
                concat(
                    'Its capacity is used: ',
                    {{ percent_text("coalesce(decided.read_mean_of_finding, 0)") }},
                    ' of reads and ',
                    {{ percent_text("coalesce(decided.write_mean_of_finding, 0)") }},
                    ' of writes on average'
                )
            else 'Its policy has the lowest minimum that stays safe'
        end,
        case
            when decided.keep_reason is null
            then
                '; '
                || {{
                    stranded_note(
                        "decided.stranded_usd", "decided.stranded_usd is null", "decided.stranded_until_at"
                    )
                }}
        end,
        notes.resource_notes,
        {{ model_note() }},
        '.'
    ) as reason,
    resources.resource_key,
    resources.table_key,
    {% for dimension in ["read", "write"] %}
        {% for statistic in ["mean", "p50", "p90", "p95", "p99", "max"] %}
            statistics.{{ dimension }}_{{ statistic }}_utilization,
        {% endfor %}
        decided.{{ dimension }}_stored_peak_units_per_second {{ "," if not loop.last }}
    {% endfor %}
from resources
inner join decided on resources.resource_key = decided.resource_key
inner join statistics on resources.resource_key = statistics.resource_key
inner join history on resources.resource_key = history.resource_key
left join notes on resources.resource_key = notes.resource_key
left join models on resources.table_key = models.table_key
left join accounts on resources.account_id = accounts.account_id
