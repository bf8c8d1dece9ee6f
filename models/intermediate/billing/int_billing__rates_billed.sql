{%- set costs = ["unblended", "net", "amortized"] -%}
with
    -- What a commitment covers has another price, and a line of the free tier has none. A line that says no
    -- rate is judged by its cost.
    lines as (
        select
            *,
            unblended_cost_usd as unblended_cost,
            coalesce(net_unblended_cost_usd, unblended_cost_usd) as net_cost,
            coalesce(net_unblended_cost_usd, unblended_cost_usd) as amortized_cost
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
            {% for cost in costs %}
                {{ complete_sum("lines." ~ cost ~ "_cost") }} as {{ cost }}_usd,
            {% endfor %}
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
            {% for cost in costs %}
                -- A price is never zero, however much was given back.
                case
                    when amounts.{{ cost }}_usd > 0
                    then cast(amounts.{{ cost }}_usd as double) / cast(amounts.amount as double)
                end as {{ cost }}_rate,
            {% endfor %}
            amounts.line_count * 0.00000000005 / cast(amounts.amount as double) as line_rounding
        from amounts
        left join
            list_prices on amounts.region = list_prices.region and amounts.price_key = list_prices.price_key
        where amounts.amount > 0 and amounts.net_usd > 0
    ),

    -- Discounts are round numbers, which rounding hides: a line has ten decimals of its cost and its amount.
    rates_with_discount as (
        select
            *,
            {% for cost in costs %}
                list_price_usd
                * cast(round({{ cost }}_rate / list_price_usd, 3) as decimal(18, 3)) as round_{{ cost }}_rate
                {{ "," if not loop.last }}
            {% endfor %}
        from rates
    )

select
    {{ surrogate_key(["account_id", "region", "price_key"]) }} as account_price_key,
    account_id,
    region,
    price_key,
    component,
    amount,
    {% for cost in costs %}
        {{ usd(cost ~ "_usd") }} as {{ cost }}_usd,
        cast(
            case
                when
                    round_{{ cost }}_rate > 0
                    and abs({{ cost }}_rate - round_{{ cost }}_rate) <= line_rounding * (1 + {{ cost }}_rate)
                then round_{{ cost }}_rate
                else {{ cost }}_rate
            end as decimal(20, 12)
        ) as {{ cost }}_rate_usd,
    {% endfor %}
    {{ usd("cast(amount as double) * list_price_usd") }} as list_usd
from rates_with_discount
