{%- set costs = ["unblended", "net", "amortized"] -%}
with
    lines as (select * from {{ ref("int_billing__lines_chosen") }} where currency = 'USD'),

    usage_types as (
        select usage_type, price_key from {{ ref("stg_billing__usage_types") }} where price_key is not null
    ),

    -- What a commitment covers has another price, and a line of the free tier has none. A line that says no
    -- rate is judged by its cost, and one without (FOCUS) by what it costs net and at the list's price.
    paid_lines as (
        select
            payer_account_id,
            export_name,
            billing_month,
            account_id,
            region,
            price_key,
            usage_start_at,
            quantity,
            unblended_cost,
            net_cost,
            amortized_cost,
            1 as line_count
        from lines
        where
            line_type = 'Usage'
            and price_key is not null
            and usage_end_at <= {{ as_of() }}
            and coalesce(
                try_cast(unblended_rate as double),
                cast(unblended_cost as double),
                case when net_cost <> 0 or list_cost <> 0 then 1.0 else 0.0 end
            )
            <> 0
        union all
        -- Where an export has no net costs, a discount is a line of its own, of the usage type that it is of.
        select
            lines.payer_account_id,
            lines.export_name,
            lines.billing_month,
            lines.account_id,
            lines.region,
            usage_types.price_key,
            lines.usage_start_at,
            0 as quantity,
            {{ usd("0") }} as unblended_cost,
            lines.net_cost,
            lines.amortized_cost,
            0 as line_count
        from lines
        inner join usage_types on lines.usage_type = usage_types.usage_type
        where lines.component = 'discount' and lines.net_cost <> 0 and lines.usage_start_at < {{ as_of() }}
    ),

    months as (select * from {{ ref("int_billing__months_chosen") }}),

    attributes as (select * from {{ ref("price_attributes") }}),

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
            paid_lines.account_id,
            paid_lines.region,
            paid_lines.price_key,
            sum(paid_lines.quantity) as amount,
            {% for cost in costs %}
                {{ complete_sum("paid_lines." ~ cost ~ "_cost") }} as {{ cost }}_usd,
            {% endfor %}
            sum(paid_lines.line_count) as line_count
        from paid_lines
        inner join
            months
            on paid_lines.payer_account_id = months.payer_account_id
            and paid_lines.billing_month = months.billing_month
        left join
            list_changes
            on paid_lines.region = list_changes.region
            and paid_lines.price_key = list_changes.price_key
        where list_changes.changed_at is null or paid_lines.usage_start_at >= list_changes.changed_at
        group by paid_lines.account_id, paid_lines.region, paid_lines.price_key
    ),

    rates as (
        select
            amounts.*,
            attributes.component,
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
        inner join attributes on amounts.price_key = attributes.price_key
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
