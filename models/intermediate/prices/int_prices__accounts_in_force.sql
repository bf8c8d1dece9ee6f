{%- set basis = price_basis() -%}
with
    account_regions as (select distinct account_id, region from {{ ref("int_inventory__resources") }}),

    attributes as (select * from {{ ref("price_attributes") }} where term_type = 'OnDemand'),

    list_prices as (select * from {{ ref("int_prices__in_force") }}),

    rates_billed as (select * from {{ ref("int_billing__rates_billed") }}),

    -- The discount of what an account does use stands for what it does not use yet, lest a discounted price
    -- be compared with a listed one.
    account_discounts as (
        select
            account_id,
            {% for cost in ["net", "amortized"] %}
                sum(cast({{ cost }}_usd as double)) / sum(cast(list_usd as double)) as {{ cost }}_ratio
                {{ "," if not loop.last }}
            {% endfor %}
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
            attributes.unit,
            list_prices.price_usd as list_price_usd,
            list_prices.price_source,
            list_prices.price_effective_on,
            rates_billed.amount as billed_amount,
            rates_billed.unblended_rate_usd as billed_price_usd,
            {% for cost in ["net", "amortized"] %}
                coalesce(
                    rates_billed.{{ cost }}_rate_usd,
                    cast(list_prices.price_usd * account_discounts.{{ cost }}_ratio as decimal(20, 12)),
                    list_prices.price_usd
                ) as {{ cost }}_price_usd,
            {% endfor %}
            case
                when rates_billed.net_rate_usd is not null
                then 'billed'
                when list_prices.price_usd is null
                then null
                when account_discounts.net_ratio is not null
                then 'list x account ratio'
                else 'list'
            end as effective_rate_source
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
    unit,
    {{ basis }}_price_usd as price_usd,
    list_price_usd,
    billed_price_usd,
    net_price_usd,
    amortized_price_usd,
    billed_amount,
    price_source,
    price_effective_on,
    {% if basis == "list" %} case when list_price_usd is not null then 'list' end
    {% else %} effective_rate_source
    {% endif %} as rate_source,
    effective_rate_source
from prices
