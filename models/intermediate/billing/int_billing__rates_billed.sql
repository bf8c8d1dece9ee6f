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
            sum(lines.line_usd) as billed_usd
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
    )

-- The price list has twelve decimals; so has the rate, which takes off what rounding the lines has added.
select
    {{ surrogate_key(["amounts.account_id", "amounts.region", "amounts.price_key"]) }} as account_price_key,
    amounts.account_id,
    amounts.region,
    amounts.price_key,
    amounts.component,
    amounts.amount,
    {{ usd("amounts.billed_usd") }} as billed_usd,
    {{ usd("cast(amounts.amount as double) * list_prices.price_usd") }} as list_usd,
    cast(cast(amounts.billed_usd as double) / cast(amounts.amount as double) as decimal(20, 12)) as rate_usd
from amounts
left join list_prices on amounts.region = list_prices.region and amounts.price_key = list_prices.price_key
-- A price is never zero, however much was given back.
where amounts.amount > 0 and amounts.billed_usd > 0
