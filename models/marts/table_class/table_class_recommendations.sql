with
    judged_tables as (select * from {{ ref("int_billing__classes_judged") }}),

    -- Of the rows of a table and its indexes the table's own.
    notes as (select * from {{ ref("int_coverage__notes_written") }} where resource_key = table_key),

    models as (select * from {{ ref("int_reconciliation__models_judged") }}),

    -- Another class would use nothing of what is covered in this one.
    stranded_tables as (
        select
            table_key,
            {{
                usd(
                    complete_sum(
                        "case when sunk_reserved_amount > 0 then sunk_reserved_amount * reserved_rate_usd else 0 end"
                        ~ " + case when sunk_plan_amount > 0 then sunk_plan_amount * plan_rate_usd else 0 end"
                    )
                )
            }}
            as stranded_usd,
            greatest(max(reserved_ends_at), max(plan_ends_at)) as stranded_until_at
        from {{ ref("int_commitments__sunk_valued") }}
        group by table_key
    ),

    -- Where the other class is compared at all, both costs are known.
    explained_tables as (
        select
            judged_tables.*,
            -- The bill tells what was used, whatever is known of the minutes.
            concat(
                case when judged_tables.is_billed then notes.place_notes else notes.table_notes end,
                {{ model_note() }}
            ) as notes,
            stranded_tables.stranded_usd,
            {{
                stranded_note(
                    "stranded_tables.stranded_usd",
                    "stranded_tables.table_key is not null and stranded_tables.stranded_usd is null",
                    "stranded_tables.stranded_until_at",
                )
            }} as stranded_note,
            stranded_tables.table_key is not null as has_sunk_commitments,
            models.error_pct as model_error_pct,
            models.is_off as is_model_off,
            concat(
                other_class_name,
                ' would cost ',
                {{ usd_text("other_class_cost_usd") }},
                ' a month against ',
                {{ usd_text("class_cost_usd") }},
                ' in ',
                class_name,
                ' (',
                {{ number_text("coalesce(storage_gb, 0)", 1) }},
                ' GB: storage ',
                {{ usd_text("other_storage_cost_usd") }},
                ' against ',
                {{ usd_text("storage_cost_usd") }},
                ', throughput ',
                {{ usd_text("other_throughput_cost_usd") }},
                ' against ',
                {{ usd_text("throughput_cost_usd") }},
                coalesce('; storage / throughput ' || {{ number_text("ratio", 2) }}, ''),
                coalesce(', break-even ' || {{ number_text("breakeven_ratio", 2) }}, ''),
                ')',
                case
                    when is_billed
                    then ''
                    else ', modelled from size and demand because no billing export names the table'
                end
            ) as comparison
        from judged_tables
        inner join notes on judged_tables.table_key = notes.table_key
        left join stranded_tables on judged_tables.table_key = stranded_tables.table_key
        left join models on judged_tables.table_key = models.table_key
    )

select
    {{ surrogate_key(["account_id", "region", "table_name", "null", "'table_class'"]) }} as recommendation_id,
    'table_class' as kind,
    account_id,
    account_name,
    ou_path,
    region,
    table_name,
    cast(null as {{ dbt.type_string() }}) as index_name,
    concat('{"table_class":"', table_class, '"}') as current_setting,
    concat(
        '{"table_class":"', case when keep_reason is null then other_table_class else table_class end, '"}'
    ) as recommended_setting,
    {{ usd("class_cost_usd") }} as current_monthly_cost_usd,
    {{ usd("case when keep_reason is null then other_class_cost_usd else class_cost_usd end") }}
    as projected_monthly_cost_usd,
    {{ usd("case when keep_reason is null then savings_usd else 0 end") }} as monthly_savings_usd,
    {{ usd("case when keep_reason is null then savings_usd * 12 else 0 end") }} as annual_savings_usd,
    list_class_cost_usd as list_current_cost_usd,
    case
        when keep_reason is null then list_other_class_cost_usd else list_class_cost_usd
    end as list_projected_cost_usd,
    {{ usd("case when keep_reason is null then list_class_cost_usd - list_other_class_cost_usd else 0 end") }}
    as list_monthly_savings_usd,
    case
        when keep_reason is null and has_sunk_commitments then stranded_usd else {{ usd("0") }}
    end as stranded_commitment_usd,
    '{{ price_basis() }}' as price_basis,
    price_source,
    price_effective_on,
    window_start,
    window_end,
    coverage_ratio,
    case
        when is_billed
        then
            {{
                confidence_in_model(
                    confidence(
                        "window_start",
                        "window_end",
                        "coverage_ratio",
                        60,
                        "throttle_events",
                        "price_source",
                    ),
                    "is_model_off",
                )
            }}
        else 'low'
    end as confidence,
    model_error_pct,
    {{ risk("throttle_events", "p99_utilization", "peak_to_mean") }} as risk,
    case when keep_reason is null then 'change' else 'keep' end as advice,
    keep_reason,
    concat(
        case
            when keep_reason = 'account_inactive'
            then concat('No advice: ', inactive_because)
            when keep_reason = 'too_little_history'
            then 'Too little is known of the table yet: a week of its usage is needed'
            when keep_reason = 'unknown_size'
            then 'No billing export names the table, and AWS reports no size for it'
            when keep_reason = 'no_price'
            then concat('No price is known in ', region, ' of ', missing_prices)
            when keep_reason = 'unknown_usage'
            then 'No billing export names the table, and its demand is not known'
            when keep_reason = 'class_changed_recently'
            then
                concat(
                    'The class changed on ',
                    {{ day_text("table_class_changed_at") }},
                    ', and AWS allows two changes in 30 days. ',
                    comparison
                )
            when keep_reason = 'below_min_savings'
            then
                concat(
                    comparison,
                    ': less than the ',
                    {{ usd_text(var("min_savings")) }},
                    ' that a change must save'
                )
            when keep_reason = 'below_breakeven_ratio'
            then
                concat(
                    comparison,
                    ': not above the ratio of ',
                    '{{ var("breakeven_ratio") }}',
                    ' that is asked for'
                )
            else comparison
        end,
        case when keep_reason is null then '; ' || stranded_note end,
        notes,
        '.'
    ) as reason,
    storage_cost_usd,
    throughput_cost_usd,
    {{ usd("standard_storage_cost_usd") }} as standard_storage_cost_usd,
    {{ usd("standard_throughput_cost_usd") }} as standard_throughput_cost_usd,
    {{ usd("ia_storage_cost_usd") }} as ia_storage_cost_usd,
    {{ usd("ia_throughput_cost_usd") }} as ia_throughput_cost_usd,
    storage_gb,
    ratio,
    breakeven_ratio,
    source_of_usage
from explained_tables
