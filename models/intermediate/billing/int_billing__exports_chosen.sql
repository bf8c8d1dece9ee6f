with
    export_months as (
        select
            *,
            max(billed_until_at) over (partition by payer_account_id, export_name) as export_billed_until_at
        from {{ ref("stg_billing__exported_months") }}
    ),

    -- Two exports of one payer tell the same usage twice. One that names tables comes first, then the one
    -- that
    -- reaches further in the month, and of two that do the one that goes on, so that a month changes hands
    -- only
    -- where an export ended; then the one that says more: FOCUS has neither unblended costs nor discounts.
    ranked_exports as (
        select
            *,
            row_number() over (
                partition by payer_account_id, billing_month
                order by
                    (tables_billed_until_at is null),
                    coalesce(tables_billed_until_at, billed_until_at) desc nulls last,
                    export_billed_until_at desc nulls last,
                    account_count desc,
                    (coalesce(format, '') like 'focus%'),
                    (coalesce(format, '') like 'legacy%'),
                    export_name
            ) as export_rank
        from export_months
    )

select
    {{ surrogate_key(["payer_account_id", "billing_month"]) }} as payer_month_key,
    payer_account_id,
    export_name,
    format,
    billing_month,
    cast(billing_month as timestamp) as month_start_at,
    cast({{ dbt.dateadd("month", 1, "billing_month") }} as timestamp) as month_end_at,
    billed_from_at,
    billed_until_at,
    tables_billed_until_at,
    line_count
from ranked_exports
where export_rank = 1
