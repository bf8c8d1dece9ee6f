with
    measured_tables as (select * from {{ ref("int_billing__tables_measured") }}),

    -- Today's class on one side, the other one on the other.
    compared_tables as (
        select
            *,
            case
                when table_class = 'STANDARD' then 'STANDARD_INFREQUENT_ACCESS' else 'STANDARD'
            end as other_table_class,
            {% for part in ["storage", "throughput"] %}
                case
                    when table_class = 'STANDARD'
                    then standard_{{ part }}_cost_usd
                    else ia_{{ part }}_cost_usd
                end as {{ part }}_cost_usd,
                case
                    when table_class = 'STANDARD'
                    then ia_{{ part }}_cost_usd
                    else standard_{{ part }}_cost_usd
                end as other_{{ part }}_cost_usd,
            {% endfor %}
            case
                when table_class = 'STANDARD' then list_standard_cost_usd else list_ia_cost_usd
            end as list_class_cost_usd,
            case
                when table_class = 'STANDARD' then list_ia_cost_usd else list_standard_cost_usd
            end as list_other_class_cost_usd,
            cast(standard_storage_cost_usd as double)
            / nullif(cast(standard_throughput_cost_usd as double), 0) as ratio,
            (
                cast(ia_throughput_cost_usd as double)
                / nullif(cast(standard_throughput_cost_usd as double), 0)
                - 1
            ) / nullif(
                1
                - cast(ia_storage_cost_usd as double) / nullif(cast(standard_storage_cost_usd as double), 0),
                0
            ) as breakeven_ratio
        from measured_tables
    ),

    saving_tables as (
        select
            *,
            case
                when other_table_class = 'STANDARD' then 'Standard' else 'Standard-IA'
            end as other_class_name,
            case when table_class = 'STANDARD' then 'Standard' else 'Standard-IA' end as class_name,
            storage_cost_usd + throughput_cost_usd as class_cost_usd,
            other_storage_cost_usd + other_throughput_cost_usd as other_class_cost_usd,
            storage_cost_usd
            + throughput_cost_usd
            - other_storage_cost_usd
            - other_throughput_cost_usd as savings_usd
        from compared_tables
    ),

    guarded_tables as (
        select
            *,
            case
                when inactive_because is not null
                then 'account_inactive'
                when created_at > {{ dbt.dateadd("day", -var("history_days"), as_of()) }}
                then 'too_little_history'
                when is_billed and covered_hours < 24 * {{ var("history_days") }}
                then 'too_little_history'
                when
                    not is_billed
                    and billing_mode = 'PAY_PER_REQUEST'
                    and coalesce(known_minutes, 0)
                    < {{ var("history_coverage") }} * {{ var("history_days") }} * 1440
                then 'too_little_history'
                when coalesce(storage_gb, 0) = 0 and not coalesce(is_billed, false)
                then 'unknown_size'
                when missing_prices is not null
                then 'no_price'
                when savings_usd is null
                then 'unknown_usage'
                when
                    table_class_changed_at > {{ dbt.dateadd("day", -var("table_class_quiet_days"), as_of()) }}
                then 'class_changed_recently'
                {%- if var("breakeven_ratio") is not none %}
                    when table_class = 'STANDARD' and ratio <= {{ var("breakeven_ratio") }}
                    then 'below_breakeven_ratio'
                {%- endif %}
            end as class_guard
        from saving_tables
    )

select
    table_key,
    account_id,
    account_name,
    ou_path,
    inactive_because,
    region,
    table_name,
    billing_mode,
    table_class,
    class_name,
    other_table_class,
    other_class_name,
    created_at,
    table_class_changed_at,
    source_of_usage,
    is_billed,
    storage_gb,
    storage_cost_usd,
    throughput_cost_usd,
    other_storage_cost_usd,
    other_throughput_cost_usd,
    class_cost_usd,
    other_class_cost_usd,
    savings_usd,
    list_class_cost_usd,
    list_other_class_cost_usd,
    standard_storage_cost_usd,
    standard_throughput_cost_usd,
    ia_storage_cost_usd,
    ia_throughput_cost_usd,
    ratio,
    breakeven_ratio,
    missing_prices,
    price_source,
    price_effective_on,
    covered_hours,
    known_minutes,
    throttle_events,
    p99_utilization,
    peak_to_mean,
    window_start,
    window_end,
    coverage_ratio,
    class_guard,
    case
        when class_guard is not null and class_guard <> 'below_breakeven_ratio'
        then class_guard
        when savings_usd <= 0
        then 'already_best'
        when savings_usd < {{ usd(var("min_savings")) }}
        then 'below_min_savings'
        else class_guard
    end as keep_reason
from guarded_tables
