with
    reservations as (select * from {{ ref("int_billing__reservations_owned") }}),

    -- Only where something is reserved: hours are many.
    pools as (select distinct payer_account_id, region, dimension from reservations),

    accounts as (select account_id, payer_account_id from {{ ref("int_inventory__accounts") }}),

    -- A reservation serves provisioned units of class Standard, those of indexes too, and no replicated
    -- writes.
    pieces as (
        select *
        from {{ ref("int_costs__window_stretches_split") }}
        where price_key in ('provisioned.read.standard', 'provisioned.write.standard')
    ),

    hours_metered as (select * from {{ ref("int_costs__window_hours_metered") }}),

    pool_pieces as (
        select pools.payer_account_id, pools.region, pools.dimension, pieces.piece_number, pieces.price_usd
        from pieces
        left join accounts on pieces.account_id = accounts.account_id
        inner join
            pools
            on coalesce(accounts.payer_account_id, pieces.account_id) = pools.payer_account_id
            and pieces.region = pools.region
            and pieces.dimension = pools.dimension
    ),

    uses as (
        select
            pool_pieces.payer_account_id,
            pool_pieces.region,
            pool_pieces.dimension,
            hours_metered.hour_number,
            sum(hours_metered.amount) as unit_hours,
            case
                when count(pool_pieces.price_usd) = count(*)
                then sum(hours_metered.amount * pool_pieces.price_usd)
            end as list_usd
        from pool_pieces
        inner join hours_metered on pool_pieces.piece_number = hours_metered.piece_number
        group by
            pool_pieces.payer_account_id, pool_pieces.region, pool_pieces.dimension, hours_metered.hour_number
    ),

    bounds as (
        select
            divide(epoch_ms({{ window_start() }}), 1000) as start_second,
            divide(epoch_ms({{ window_end() }}), 1000) as end_second
    ),

    window_hours as (
        select
            start_second,
            end_second,
            unnest(range(divide(start_second, 3600), divide(end_second + 3599, 3600))) as hour_number
        from bounds
    )

-- An hour in which nothing is provisioned costs its fee all the same.
select
    {{
        surrogate_key(
            ["pools.payer_account_id", "pools.region", "pools.dimension", "window_hours.hour_number"]
        )
    }} as pool_hour_key,
    pools.payer_account_id,
    pools.region,
    pools.dimension,
    window_hours.hour_number,
    (
        least(window_hours.end_second, window_hours.hour_number * 3600 + 3600)
        - greatest(window_hours.start_second, window_hours.hour_number * 3600)
    )
    / 3600 as hours,
    {{ quantity("coalesce(uses.unit_hours, 0)") }} as unit_hours,
    cast(uses.list_usd / nullif(uses.unit_hours, 0) as decimal(20, 12)) as price_usd
from pools
cross join window_hours
left join
    uses
    on pools.payer_account_id = uses.payer_account_id
    and pools.region = uses.region
    and pools.dimension = uses.dimension
    and window_hours.hour_number = uses.hour_number
