with
    hours as (select * from {{ ref("int_commitments__hours_uncovered") }}),

    rates as (select * from {{ ref("int_commitments__plan_rates") }}),

    -- USD an hour.
    owned as (
        select payer_account_id, sum(cast(hourly_commitment_usd as double)) as hourly_usd
        from {{ ref("int_commitments__owned") }}
        where kind = 'savings_plan' and is_active
        group by payer_account_id
    ),

    uses as (
        select
            hours.payer_account_id,
            hours.hour_number,
            rates.discount,
            hours.region,
            hours.price_key,
            cast(hours.payable_amount as double) * cast(rates.list_price_usd as double) as list_usd,
            cast(hours.payable_amount as double) * cast(rates.rate_usd as double) as plan_usd,
            coalesce(owned.hourly_usd, 0) as owned_usd
        from hours
        inner join rates on hours.region = rates.region and hours.price_key = rates.price_key
        left join owned on hours.payer_account_id = owned.payer_account_id
        where hours.payable_amount > 0
    ),

    -- A plan covers what it makes cheapest first. Those that are owned come before a new one.
    ordered as (
        select
            *,
            sum(plan_usd) over (
                partition by payer_account_id, hour_number
                order by discount desc, region, price_key
                rows between unbounded preceding and current row
            )
            - plan_usd as before_usd
        from uses
    ),

    left_over as (
        select
            *,
            greatest(0.0, least(plan_usd, before_usd + plan_usd - owned_usd)) as open_usd,
            greatest(0.0, before_usd - owned_usd) as open_before_usd
        from ordered
    ),

    all_hours as (select distinct payer_account_id, hour_number from hours),

    payer_hours as (
        select
            all_hours.payer_account_id,
            all_hours.hour_number,
            coalesce(sum(left_over.open_usd), 0) as plan_usd,
            coalesce(sum(left_over.list_usd * left_over.open_usd / left_over.plan_usd), 0) as list_usd
        from all_hours
        left join
            left_over
            on all_hours.payer_account_id = left_over.payer_account_id
            and all_hours.hour_number = left_over.hour_number
        group by all_hours.payer_account_id, all_hours.hour_number
    ),

    payers as (
        select
            payer_account_id,
            count(*) as hours,
            sum(plan_usd) / nullif(sum(list_usd), 0) as break_even_ratio,
            avg(list_usd) * {{ hours_per_month() }} as cost_without_usd
        from payer_hours
        group by payer_account_id
        having sum(plan_usd) > 0
    ),

    ranked as (
        select
            *,
            1 - break_even_ratio as quantile,
            cast(greatest(1, ceil((1 - break_even_ratio) * hours - 1e-9)) as bigint) as place
        from payers
    ),

    places as (
        select
            payer_account_id,
            plan_usd,
            row_number() over (partition by payer_account_id order by plan_usd) as place
        from payer_hours
    ),

    -- AWS sells commitments in tenths of a cent an hour.
    sized as (
        select
            ranked.*,
            places.plan_usd as quantile_usd,
            cast(floor(places.plan_usd * 1000 + 1e-9) / 1000 as decimal(18, 3)) as hourly_usd
        from ranked
        inner join places on ranked.payer_account_id = places.payer_account_id and ranked.place = places.place
    ),

    -- What the commitment covers costs nothing more; what it covers is worth its list price.
    covered as (
        select
            left_over.payer_account_id,
            sum(
                left_over.list_usd
                / left_over.plan_usd
                * greatest(
                    0.0,
                    least(left_over.open_usd, cast(sized.hourly_usd as double) - left_over.open_before_usd)
                )
            ) as list_usd
        from left_over
        inner join sized on left_over.payer_account_id = sized.payer_account_id
        group by left_over.payer_account_id
    ),

    overbought as (
        select
            payer_hours.payer_account_id,
            100.0
            * count(case when payer_hours.plan_usd < cast(sized.hourly_usd as double) then 1 end)
            / count(*) as hours_overbought_pct
        from payer_hours
        inner join sized on payer_hours.payer_account_id = sized.payer_account_id
        group by payer_hours.payer_account_id
    )

select
    sized.payer_account_id,
    sized.hours,
    sized.quantile,
    sized.quantile_usd,
    sized.break_even_ratio,
    sized.hourly_usd,
    {{ usd("sized.hourly_usd * " ~ hours_per_month()) }} as commitment_usd,
    {{ usd("sized.cost_without_usd") }} as cost_without_usd,
    {{ usd("sized.cost_without_usd - coalesce(covered.list_usd, 0) / sized.hours * " ~ hours_per_month()) }}
    + {{ usd("sized.hourly_usd * " ~ hours_per_month()) }} as cost_usd,
    overbought.hours_overbought_pct
from sized
left join covered on sized.payer_account_id = covered.payer_account_id
left join overbought on sized.payer_account_id = overbought.payer_account_id
