{# Only the months that the window touches, once for all that reads them: the one shape of the bill is a view that
   reads the lines kind by kind (15 million lines: 36 CPU seconds). #}
with
    lines as (
        select *
        from {{ ref("int_billing__lines_chosen") }}
        where
            component not in ('commitment', 'discount', 'tax', 'credit')
            and usage_start_at < {{ as_of() }}
            and billing_month >= cast(date_trunc('month', {{ window_start() }}) as date)
    )

select
    payer_account_id,
    billing_month,
    account_id,
    region,
    table_name,
    hash(account_id, region, table_name) as table_hash,
    price_key,
    component,
    coverage,
    currency,
    usage_start_at,
    usage_end_at,
    divide(epoch_ms(usage_start_at), 3600000) as start_hour,
    divide(epoch_ms(usage_end_at) + 3599999, 3600000) as end_hour,
    quantity as amount,
    {{ billed_cost() }} as billed_usd
from lines
