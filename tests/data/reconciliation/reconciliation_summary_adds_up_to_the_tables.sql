-- "98 % within 2 %" is a statement about the rows beside it.
with
    tables as (
        select
            payer_account_id,
            billing_month,
            count(case when compared_hours > 0 then 1 end) as tables_compared,
            sum(compared_billed_usd) as compared_billed_usd,
            sum(modelled_usd) as modelled_usd,
            sum(error_usd) as error_usd
        from {{ ref("cost_reconciliation") }}
        group by payer_account_id, billing_month
    )

select summary.payer_month_key
from {{ ref("reconciliation_summary") }} as summary
left join
    tables
    on summary.payer_account_id = tables.payer_account_id
    and summary.billing_month = tables.billing_month
where
    summary.tables_compared <> coalesce(tables.tables_compared, 0)
    or summary.compared_billed_usd <> coalesce(tables.compared_billed_usd, 0)
    or summary.modelled_usd <> coalesce(tables.modelled_usd, 0)
    or summary.error_usd <> coalesce(tables.error_usd, 0)
    or summary.not_compared_usd <> summary.billed_usd - summary.compared_billed_usd
