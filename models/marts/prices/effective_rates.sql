with prices as (select * from {{ ref("int_prices__accounts_in_force") }})

select
    account_price_key,
    account_id,
    region,
    price_key,
    component as dimension,
    billing_mode,
    table_class,
    unit,
    list_price_usd,
    billed_price_usd,
    net_price_usd,
    amortized_price_usd,
    cast(net_price_usd as double) / nullif(cast(list_price_usd as double), 0) as price_ratio,
    effective_rate_source as rate_source,
    billed_amount as amount,
    price_source,
    price_effective_on
from prices
