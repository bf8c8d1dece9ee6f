with
    -- What a commitment covers has another price, and a line of the free tier has none. A line that says no
    -- rate is judged by its cost.
    lines as (
        select *, coalesce(net_unblended_cost_usd, unblended_cost_usd) as line_usd
        from {{ ref("int_billing__lines_recognized") }}
        where
            coverage = 'none'
            and currency = 'USD'
            and coalesce(try_cast(unblended_rate as double), cast(unblended_cost_usd as double)) <> 0
    ),

    months as (select * from {{ ref("int_billing__months_chosen") }}),

    list_prices as (select * from {{ ref("int_prices__in_force") }}),

    prices as (select * from {{ ref("int_prices__validity_united") }} where end_range is null),

    -- What was billed before the list price last changed says nothing of today's. A list that succeeds a
    -- fallback price is no change.
    list_changes as (
        select list_prices.region, list_prices.price_key, max(prices.valid_to) as changed_at
        from list_prices
        inner join
            prices
            on list_prices.region = prices.region
            and list_prices.price_key = prices.price_key
            and list_prices.price_source = prices.source
            and list_prices.price_usd <> prices.price_usd
        where prices.valid_to <= {{ as_of() }}
        group by list_prices.region, list_prices.price_key
    ),

    amounts as (
        select
            lines.account_id,
            lines.region,
            lines.price_key,
            lines.component,
            sum(lines.usage_amount) as amount,
            sum(lines.line_usd) as billed_usd,
            count(*) as line_count
        from lines
        inner join
            months
            on lines.payer_account_id = months.payer_account_id
            and lines.export_name = months.export_name
            and lines.billing_month = months.billing_month
        left join
            list_changes on lines.region = list_changes.region and lines.price_key = list_changes.price_key
        where list_changes.changed_at is null or lines.usage_start_at >= list_changes.changed_at
        group by lines.account_id, lines.region, lines.price_key, lines.component
    ),

    rates as (
        select
            amounts.*,
            list_prices.price_usd as list_price_usd,
            cast(amounts.billed_usd as double) / cast(amounts.amount as double) as rate_usd,
            amounts.line_count * 0.00000000005 / cast(amounts.amount as double) as line_rounding
        from amounts
        left join
            list_prices on amounts.region = list_prices.region and amounts.price_key = list_prices.price_key
        -- A price is never zero, however much was given back.
        where amounts.amount > 0 and amounts.billed_usd > 0
    ),

    -- Discounts are round numbers, which rounding hides: a line has ten decimals of its cost and its amount.
    rates_with_discount as (
        select
            *, list_price_usd * cast(round(rate_usd / list_price_usd, 3) as decimal(18, 3)) as round_rate_usd
        from rates
    )

select
    {{ surrogate_key(["account_id", "region", "price_key"]) }} as account_price_key,
    account_id,
    region,
    price_key,
    component,
    amount,
    {{ usd("billed_usd") }} as billed_usd,
    {{ usd("cast(amount as double) * list_price_usd") }} as list_usd,
    cast(
        case
            when round_rate_usd > 0 and abs(rate_usd - round_rate_usd) <= line_rounding * (1 + rate_usd)
            then round_rate_usd
            else rate_usd
        end as decimal(20, 12)
    ) as rate_usd
from rates_with_discount
