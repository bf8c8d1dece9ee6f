with
    account_regions as (select distinct account_id, region from {{ ref("int_inventory__resources") }}),

    attributes as (select * from {{ ref("price_attributes") }} where term_type = 'OnDemand'),

    list_prices as (select * from {{ ref("int_prices__in_force") }}),

    rates_billed as (select * from {{ ref("int_billing__rates_billed") }}),

    -- The discount of what an account does use stands for what it does not use yet, lest a discounted price
    -- be compared with a listed one.
    account_discounts as (
        select account_id, sum(cast(billed_usd as double)) / sum(cast(list_usd as double)) as price_ratio
        from rates_billed
        where component <> 'storage' and list_usd is not null
        group by account_id
    ),

    prices as (
        select
            account_regions.account_id,
            account_regions.region,
            attributes.price_key,
            attributes.component,
            attributes.billing_mode,
            attributes.table_class,
            list_prices.price_usd as list_price_usd,
            list_prices.price_source,
            list_prices.price_effective_on,
            {% if price_basis() == "list" %}
                cast(null as decimal(20, 12)) as billed_price_usd, cast(null as double) as price_ratio
            {% else %} rates_billed.rate_usd as billed_price_usd, account_discounts.price_ratio
            {% endif %}
        from account_regions
        cross join attributes
        left join
            list_prices
            on account_regions.region = list_prices.region
            and attributes.price_key = list_prices.price_key
        left join
            rates_billed
            on account_regions.account_id = rates_billed.account_id
            and account_regions.region = rates_billed.region
            and attributes.price_key = rates_billed.price_key
        left join account_discounts on account_regions.account_id = account_discounts.account_id
    )

select
    {{ surrogate_key(["account_id", "region", "price_key"]) }} as account_price_key,
    account_id,
    region,
    price_key,
    component,
    billing_mode,
    table_class,
    coalesce(
        billed_price_usd, cast(list_price_usd * price_ratio as decimal(20, 12)), list_price_usd
    ) as price_usd,
    list_price_usd,
    price_source,
    price_effective_on,
    case
        when billed_price_usd is not null
        then 'billed'
        when list_price_usd is null
        then null
        when price_ratio is not null
        then 'list x account ratio'
        else 'list'
    end as rate_source
from prices
