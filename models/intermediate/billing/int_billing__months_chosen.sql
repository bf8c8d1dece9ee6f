with
    months as (
        select
            *,
            tables_billed_until_at >= cast(
                {{ dbt.dateadd("day", var("history_days"), "billing_month") }} as timestamp
            ) as is_long_enough
        from {{ ref("int_billing__exports_chosen") }}
        where tables_billed_until_at is not null
    ),

    newest_months as (
        select payer_account_id, max(billing_month) as newest_billing_month
        from months
        where is_long_enough
        group by payer_account_id
    )

select
    months.payer_month_key,
    months.payer_account_id,
    months.export_name,
    months.billing_month,
    months.month_start_at,
    months.month_end_at,
    months.tables_billed_until_at as complete_until_at,
    months.billing_month = newest_months.newest_billing_month as is_newest
from months
inner join newest_months on months.payer_account_id = newest_months.payer_account_id
where
    months.billing_month <= newest_months.newest_billing_month
    and months.billing_month
    >= cast({{ dbt.dateadd("month", 1 - var("months"), "newest_months.newest_billing_month") }} as date)
