with
    export_months as (
        select payer_account_id, export_name, billing_month, max(usage_end_at) as complete_until_at
        from {{ ref("int_billing__lines_recognized") }}
        where table_name is not null
        group by payer_account_id, export_name, billing_month
    ),

    -- Two exports of one payer tell the same usage twice. The one that reaches further is read.
    ranked_exports as (
        select
            payer_account_id,
            export_name,
            row_number() over (
                partition by payer_account_id order by max(complete_until_at) desc, export_name
            ) as reach_rank
        from export_months
        group by payer_account_id, export_name
    ),

    chosen_exports as (select * from ranked_exports where reach_rank = 1),

    months as (
        select
            export_months.*,
            cast(export_months.billing_month as timestamp) as month_start_at,
            cast({{ dbt.dateadd("month", 1, "export_months.billing_month") }} as timestamp) as month_end_at,
            export_months.complete_until_at >= cast(
                {{ dbt.dateadd("day", var("history_days"), "export_months.billing_month") }} as timestamp
            ) as is_long_enough
        from export_months
        inner join
            chosen_exports
            on export_months.payer_account_id = chosen_exports.payer_account_id
            and export_months.export_name = chosen_exports.export_name
    ),

    newest_months as (
        select payer_account_id, max(billing_month) as newest_billing_month
        from months
        where is_long_enough
        group by payer_account_id
    )

select
    {{ surrogate_key(["months.payer_account_id", "months.billing_month"]) }} as payer_month_key,
    months.payer_account_id,
    months.export_name,
    months.billing_month,
    months.month_start_at,
    months.month_end_at,
    months.complete_until_at,
    months.billing_month = newest_months.newest_billing_month as is_newest
from months
inner join newest_months on months.payer_account_id = newest_months.payer_account_id
where
    months.billing_month <= newest_months.newest_billing_month
    and months.billing_month
    >= cast({{ dbt.dateadd("month", 1 - var("months"), "newest_months.newest_billing_month") }} as date)
