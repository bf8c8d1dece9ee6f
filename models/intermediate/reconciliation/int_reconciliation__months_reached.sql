with
    lines as (select * from {{ ref("int_reconciliation__lines_valued") }}),

    months as (
        select
            payer_account_id,
            billing_month,
            max(usage_end_at) filter (where table_name is not null) as complete_until_at,
            bool_or(coverage = 'plan') as has_plans,
            {{ usd("coalesce(sum(billed_usd), 0)") }} as billed_usd,
            {{ usd("coalesce(sum(billed_usd) filter (where table_name is null), 0)") }} as on_no_table_usd
        from lines
        group by payer_account_id, billing_month
    )

select
    {{ surrogate_key(["payer_account_id", "billing_month"]) }} as payer_month_key,
    payer_account_id,
    billing_month,
    complete_until_at,
    divide(epoch_ms(cast(billing_month as timestamp)), 3600000) as first_hour,
    divide(epoch_ms(cast({{ dbt.dateadd("month", 1, "billing_month") }} as timestamp)), 3600000) as end_hour,
    coalesce(
        divide(epoch_ms(complete_until_at), 3600000),
        divide(epoch_ms(cast(billing_month as timestamp)), 3600000)
    ) as complete_until_hour,
    has_plans,
    billed_usd,
    on_no_table_usd
from months
