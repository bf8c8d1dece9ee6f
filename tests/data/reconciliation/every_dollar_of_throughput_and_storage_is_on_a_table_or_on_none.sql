-- A reconciliation that left out what it cannot explain would look better than it is.
with
    on_tables as (
        select payer_account_id, billing_month, sum(billed_usd) as billed_usd
        from {{ ref("cost_reconciliation") }}
        group by payer_account_id, billing_month
    ),

    on_the_bill as (
        select payer_account_id, billing_month, sum({{ billed_cost() }}) as billed_usd
        from {{ ref("int_billing__lines_chosen") }}
        where
            component in ('read', 'write', 'replicated_write', 'storage')
            and currency = 'USD'
            and usage_start_at < {{ as_of() }}
        group by payer_account_id, billing_month
    )

select on_the_bill.payer_account_id, on_the_bill.billing_month
from on_the_bill
left join
    on_tables
    on on_the_bill.payer_account_id = on_tables.payer_account_id
    and on_the_bill.billing_month = on_tables.billing_month
left join
    {{ ref("reconciliation_summary") }} as summary
    on on_the_bill.payer_account_id = summary.payer_account_id
    and on_the_bill.billing_month = summary.billing_month
where
    on_the_bill.billed_usd is distinct from coalesce(on_tables.billed_usd, 0) + summary.on_no_table_usd
    or on_the_bill.billed_usd is distinct from summary.billed_usd
