with
    billed as (select * from {{ ref("int_reconciliation__tables_billed") }}),

    months as (
        select
            payer_account_id,
            billing_month,
            cast(billing_month as timestamp) as starts_at,
            cast({{ dbt.dateadd("month", 1, "billing_month") }} as timestamp) as ends_at,
            -- Lines that name no table may end with the month.
            coalesce(
                least(max(case when table_name is not null then billed_until_at end), {{ as_of() }}),
                cast(billing_month as timestamp)
            ) as complete_until_at,
            max(other_currency) as other_currency,
            bool_or(has_plans) as has_plans,
            sum(billed_usd) as billed_usd,
            coalesce(sum(case when table_name is null then billed_usd end), 0) as on_no_table_usd
        from billed
        group by payer_account_id, billing_month
    )

select
    {{ surrogate_key(["payer_account_id", "billing_month"]) }} as payer_month_key,
    payer_account_id,
    billing_month,
    divide(epoch_ms(starts_at), 3600000) as first_hour,
    divide(epoch_ms(ends_at), 3600000) as end_hour,
    divide(epoch_ms(complete_until_at), 3600000) as complete_until_hour,
    other_currency,
    has_plans,
    {{ usd("billed_usd") }} as billed_usd,
    {{ usd("on_no_table_usd") }} as on_no_table_usd
from months
