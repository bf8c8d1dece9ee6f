with
    prices as (select * from {{ ref("int_prices__validity_united") }}),

    attributes as (select * from {{ ref("price_attributes") }})

select
    prices.price_id,
    prices.region,
    prices.price_key,
    attributes.component as dimension,
    attributes.billing_mode,
    attributes.table_class,
    attributes.lease_contract_length,
    prices.unit,
    prices.begin_range,
    prices.end_range,
    prices.price_usd,
    prices.valid_from,
    prices.valid_to,
    prices.source,
    prices.confidence,
    prices.effective_on,
    prices.sku
from prices
inner join attributes on prices.price_key = attributes.price_key
