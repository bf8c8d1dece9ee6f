with
    pieces as (select * from {{ ref("int_costs__window_stretches_split") }}),

    hours_metered as (select * from {{ ref("int_costs__window_hours_metered") }}),

    amounts as (
        select
            piece_number, sum(seconds) as seconds, sum(known_minutes) as known_minutes, sum(amount) as amount
        from hours_metered
        group by piece_number
    ),

    stretches as (
        select
            pieces.window_stretch_key,
            pieces.resource_key,
            pieces.table_key,
            pieces.account_id,
            pieces.region,
            pieces.table_name,
            pieces.index_name,
            pieces.dimension,
            pieces.component,
            pieces.billing_mode,
            pieces.table_class,
            pieces.price_key,
            pieces.price_usd,
            max(pieces.price_source) as price_source,
            min(pieces.start_second) as start_second,
            max(pieces.end_second) as end_second,
            sum(amounts.seconds) / 3600 as hours,
            sum(amounts.known_minutes) / 60 as known_hours,
            -- Unknown demand is left out; unknown capacity leaves the whole unknown.
            case
                when pieces.billing_mode = 'PROVISIONED'
                then {{ quantity(complete_sum("amounts.amount")) }}
                else {{ quantity("sum(amounts.amount)") }}
            end as amount
        from pieces
        inner join amounts on pieces.piece_number = amounts.piece_number
        group by
            pieces.window_stretch_key,
            pieces.resource_key,
            pieces.table_key,
            pieces.account_id,
            pieces.region,
            pieces.table_name,
            pieces.index_name,
            pieces.dimension,
            pieces.component,
            pieces.billing_mode,
            pieces.table_class,
            pieces.price_key,
            pieces.price_usd
    )

select
    window_stretch_key,
    resource_key,
    table_key,
    account_id,
    region,
    table_name,
    index_name,
    dimension,
    component,
    billing_mode,
    table_class,
    make_timestamp(start_second * 1000000) as starts_at,
    make_timestamp(end_second * 1000000) as ends_at,
    hours,
    known_hours,
    price_key,
    amount,
    price_usd,
    price_source,
    {{ usd("amount * price_usd") }} as cost_usd
from stretches
