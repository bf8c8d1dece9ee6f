with
    recognized_rates as (select * from {{ ref("int_prices__rates_recognized") }}),

    fallback_prices as (select * from {{ ref("fallback_prices") }}),

    loaded_keys as (
        select region, price_key, min(valid_from) as loaded_from
        from recognized_rates
        group by region, price_key
    ),

    -- A fallback serves where the price list has nothing: other regions and keys, and the time before it
    -- begins.
    remaining_fallbacks as (
        select
            fallback_prices.region,
            fallback_prices.price_key,
            fallback_prices.unit,
            fallback_prices.begin_range,
            fallback_prices.end_range,
            fallback_prices.price_usd,
            coalesce(cast(fallback_prices.valid_from as timestamp), timestamp '1970-01-01') as valid_from,
            least(cast(fallback_prices.valid_to as timestamp), loaded_keys.loaded_from) as valid_to,
            fallback_prices.confidence,
            fallback_prices.checked_on
        from fallback_prices
        left join
            loaded_keys
            on fallback_prices.region = loaded_keys.region
            and fallback_prices.price_key = loaded_keys.price_key
    )

select
    {{ surrogate_key(["region", "price_key", "begin_range", "valid_from"]) }} as price_id,
    region,
    price_key,
    unit,
    begin_range,
    end_range,
    price_usd,
    valid_from,
    valid_to,
    'price list' as source,
    cast(null as {{ dbt.type_string() }}) as confidence,
    cast(valid_from as date) as effective_on,
    sku
from recognized_rates
union all
select
    {{ surrogate_key(["region", "price_key", "begin_range", "valid_from"]) }} as price_id,
    region,
    price_key,
    unit,
    begin_range,
    end_range,
    price_usd,
    valid_from,
    valid_to,
    'seed' as source,
    confidence,
    checked_on as effective_on,
    cast(null as {{ dbt.type_string() }}) as sku
from remaining_fallbacks
where valid_to is null or valid_to > valid_from
