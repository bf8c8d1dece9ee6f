with
    rates as (select * from {{ ref("stg_pricing__savings_plan_rates") }}),

    usage_types as (select * from {{ ref("billed_usage_types") }} where price_key is not null),

    list_prices as (select * from {{ ref("int_prices__in_force") }}),

    -- Before the name stands nothing or a region's code, as in the bill.
    named_rates as (
        select
            *, regexp_replace(usage_type, '^((EU|[A-Z]{2,4}[0-9]{1,2})-)?', '') as usage_type_of_all_regions
        from rates
        where
            service_code = 'AmazonDynamoDB'
            and plan_type = 'Database'
            and payment_option = 'No Upfront'
            and duration_seconds = 365 * 86400
            and currency = 'USD'
    ),

    -- Where AWS tells two rates of one usage, the dearer promises less.
    recognized_rates as (
        select named_rates.region, usage_types.price_key, max(named_rates.rate) as rate_usd
        from named_rates
        inner join usage_types on named_rates.usage_type_of_all_regions = usage_types.usage_type
        group by named_rates.region, usage_types.price_key
    )

select
    {{ surrogate_key(["recognized_rates.region", "recognized_rates.price_key"]) }} as region_price_key,
    recognized_rates.region,
    recognized_rates.price_key,
    cast(recognized_rates.rate_usd as decimal(20, 12)) as rate_usd,
    list_prices.price_usd as list_price_usd,
    1 - cast(recognized_rates.rate_usd as double) / cast(list_prices.price_usd as double) as discount
from recognized_rates
inner join
    list_prices
    on recognized_rates.region = list_prices.region
    and recognized_rates.price_key = list_prices.price_key
-- What costs no less under the plan is better left without it.
where recognized_rates.rate_usd > 0 and recognized_rates.rate_usd < list_prices.price_usd
