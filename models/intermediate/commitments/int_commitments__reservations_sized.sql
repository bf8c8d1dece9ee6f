{#- Units of a block of reserved capacity. -#}
{%- set block = 100 -%}
with
    hours as (
        select *
        from {{ ref("int_commitments__hours_uncovered") }}
        where price_key in ('provisioned.read.standard', 'provisioned.write.standard')
    ),

    prices as (
        select *
        from {{ ref("dim_prices") }}
        where valid_from <= {{ as_of() }} and (valid_to is null or valid_to > {{ as_of() }})
    ),

    list_prices as (select * from {{ ref("int_prices__in_force") }}),

    terms as (select terms.term, terms.years from (values ('1yr', 1), ('3yr', 3)) as terms(term, years)),

    pools as (
        select payer_account_id, region, component as dimension, price_key, count(*) as hours
        from hours
        group by payer_account_id, region, component, price_key
        having sum(payable_amount) > 0
    ),

    -- What a unit costs an hour with what was paid up front, whether it is used or not.
    priced as (
        select
            pools.*,
            terms.term,
            terms.years,
            list_prices.price_usd as list_price_usd,
            hourly_prices.price_usd as hourly_price_usd,
            upfront_prices.price_usd as upfront_price_usd,
            greatest(list_prices.price_source, hourly_prices.source, upfront_prices.source) as price_source,
            cast(hourly_prices.price_usd as double)
            + cast(upfront_prices.price_usd as double) / (terms.years * 8760) as rate_usd
        from pools
        cross join terms
        left join list_prices on pools.region = list_prices.region and pools.price_key = list_prices.price_key
        left join
            prices as hourly_prices
            on pools.region = hourly_prices.region
            and hourly_prices.price_key = concat('reserved.', terms.term, '.', pools.dimension, '.hourly')
        left join
            prices as upfront_prices
            on pools.region = upfront_prices.region
            and upfront_prices.price_key = concat('reserved.', terms.term, '.', pools.dimension, '.upfront')
    ),

    -- A unit pays where it is used in at least that share of the hours. A saving of a billionth of an hour
    -- is none.
    ranked as (
        select
            *,
            rate_usd / cast(list_price_usd as double) as break_even_ratio,
            1 - rate_usd / cast(list_price_usd as double) as quantile,
            cast(
                greatest(1, ceil((1 - rate_usd / cast(list_price_usd as double)) * hours - 1e-9)) as bigint
            ) as place
        from priced
    ),

    places as (
        select
            payer_account_id,
            region,
            price_key,
            payable_amount,
            row_number() over (
                partition by payer_account_id, region, price_key order by payable_amount
            ) as place
        from hours
    ),

    sized as (
        select
            ranked.*,
            places.payable_amount as quantile_units,
            case
                when ranked.break_even_ratio < 1
                then cast(floor(places.payable_amount / {{ block }}) * {{ block }} as bigint)
                when ranked.break_even_ratio >= 1
                then 0
            end as units
        from ranked
        left join
            places
            on ranked.payer_account_id = places.payer_account_id
            and ranked.region = places.region
            and ranked.price_key = places.price_key
            and ranked.place = places.place
    ),

    used as (
        select
            sized.payer_account_id,
            sized.region,
            sized.price_key,
            sized.term,
            max(hours.free_unit_hours) as free_unit_hours,
            avg(cast(hours.uncovered_amount as double)) * {{ hours_per_month() }} as monthly_unit_hours,
            avg(greatest(cast(hours.uncovered_amount as double) - sized.units, 0))
            * {{ hours_per_month() }} as monthly_unit_hours_beyond,
            100.0
            * count(case when hours.payable_amount < sized.units then 1 end)
            / count(*) as hours_overbought_pct
        from sized
        inner join
            hours
            on sized.payer_account_id = hours.payer_account_id
            and sized.region = hours.region
            and sized.price_key = hours.price_key
        group by sized.payer_account_id, sized.region, sized.price_key, sized.term
    ),

    -- The free tier serves what nothing else does, so that a reservation may leave part of it without use.
    costed as (
        select
            sized.*,
            used.hours_overbought_pct,
            {{ usd("sized.units * sized.upfront_price_usd") }} as upfront_usd,
            {{ usd("sized.units * sized.hourly_price_usd") }} as hourly_usd,
            {{ usd("sized.units * sized.rate_usd * " ~ hours_per_month()) }} as commitment_usd,
            {{
                usd(
                    quantity("greatest(used.monthly_unit_hours - used.free_unit_hours, 0)")
                    ~ " * sized.list_price_usd"
                )
            }} as cost_without_usd,
            {{
                usd(
                    quantity("greatest(used.monthly_unit_hours_beyond - used.free_unit_hours, 0)")
                    ~ " * sized.list_price_usd"
                )
            }} as cost_beyond_usd
        from sized
        inner join
            used
            on sized.payer_account_id = used.payer_account_id
            and sized.region = used.region
            and sized.price_key = used.price_key
            and sized.term = used.term
    )

select
    {{ surrogate_key(["payer_account_id", "region", "dimension", "term"]) }} as reservation_option_key,
    payer_account_id,
    region,
    dimension,
    term,
    years,
    hours,
    list_price_usd,
    hourly_price_usd,
    upfront_price_usd,
    price_source,
    quantile,
    quantile_units,
    break_even_ratio,
    units,
    upfront_usd,
    hourly_usd,
    commitment_usd,
    cost_without_usd,
    {{ usd("cost_beyond_usd + commitment_usd") }} as cost_usd,
    {{ usd("cost_without_usd - cost_beyond_usd - commitment_usd") }} as savings_usd,
    hours_overbought_pct
from costed
