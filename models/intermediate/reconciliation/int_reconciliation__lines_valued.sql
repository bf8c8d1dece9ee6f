{# Only the months that the window touches, and numbers instead of text: three models read them by the hour. #}
with
    lines as (
        select *
        from {{ ref("int_billing__lines_chosen") }}
        where
            price_key is not null
            and component in ('read', 'write', 'replicated_write', 'storage')
            and currency = 'USD'
            and usage_start_at < {{ as_of() }}
            and billing_month >= cast(date_trunc('month', {{ window_start() }}) as date)
    )

select
    payer_account_id,
    billing_month,
    account_id,
    region,
    hash(account_id, region, table_name) as table_hash,
    price_key,
    component,
    coverage,
    divide(epoch_ms(usage_start_at), 3600000) as start_hour,
    divide(epoch_ms(usage_end_at) + 3599999, 3600000) as end_hour,
    quantity as amount,
    {{ billed_cost() }} as billed_usd
from lines
