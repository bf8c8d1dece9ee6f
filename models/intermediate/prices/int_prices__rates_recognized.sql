with
    rates as (select * from {{ ref("stg_pricing__rates") }} where currency = 'USD'),

    attributes as (select * from {{ ref("price_attributes") }}),

    -- The unit tells the two fees of a reservation apart; of anything else AWS spells it in more than one
    -- way. The upfront fee of a reservation has no tiers: it begins at nothing.
    recognized_rates as (
        select
            rates.region,
            attributes.price_key,
            rates.unit,
            coalesce(rates.begin_range, 0) as begin_range,
            rates.end_range,
            rates.price_per_unit as price_usd,
            rates.effective_at,
            rates.sku,
            row_number() over (
                partition by
                    rates.region, attributes.price_key, coalesce(rates.begin_range, 0), rates.effective_at
                order by rates.publication_at desc, rates.sku, rates.rate_code
            ) as publication_rank
        from rates
        inner join
            attributes
            on rates.term_type = attributes.term_type
            and (
                (rates.operation = attributes.operation and rates.group_name = attributes.group_name)
                or rates.volume_type = attributes.volume_type
            )
            and (
                attributes.term_type = 'OnDemand'
                or (
                    rates.lease_contract_length = attributes.lease_contract_length
                    and rates.unit = attributes.unit
                )
            )
    ),

    -- A list states all tiers of a product at once: one that it no longer has ends when the others change.
    listings as (
        select
            region,
            price_key,
            effective_at,
            lead(effective_at) over (partition by region, price_key order by effective_at) as succeeded_at
        from recognized_rates
        group by region, price_key, effective_at
    )

select
    {{
        surrogate_key(
            [
                "recognized_rates.region",
                "recognized_rates.price_key",
                "recognized_rates.begin_range",
                "recognized_rates.effective_at",
            ]
        )
    }} as rate_key,
    recognized_rates.region,
    recognized_rates.price_key,
    recognized_rates.unit,
    recognized_rates.begin_range,
    recognized_rates.end_range,
    recognized_rates.price_usd,
    recognized_rates.effective_at as valid_from,
    listings.succeeded_at as valid_to,
    recognized_rates.sku
from recognized_rates
inner join
    listings
    on recognized_rates.region = listings.region
    and recognized_rates.price_key = listings.price_key
    and recognized_rates.effective_at = listings.effective_at
where recognized_rates.publication_rank = 1
