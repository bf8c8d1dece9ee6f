with
    pieces as (
        select *, hash(account_id, region, table_name) as table_hash
        from {{ ref("int_costs__window_stretches_split") }}
    ),

    hours_metered as (select * from {{ ref("int_costs__window_hours_metered") }}),

    resources as (select * from {{ ref("int_inventory__resources") }}),

    sizes as (select * from {{ ref("stg_dynamodb__sizes") }}),

    attributes as (select * from {{ ref("price_attributes") }} where term_type = 'OnDemand'),

    prices as (
        select * from {{ ref("int_prices__validity_united") }} where end_range is null and price_usd > 0
    ),

    -- Hours that the window cuts are compared with nothing.
    bounds as (
        select
            divide(epoch_ms({{ window_start() }}) + 3599999, 3600000) as first_hour,
            divide(epoch_ms({{ window_end() }}), 3600000) as end_hour
    ),

    throughput as (
        select
            pieces.table_hash,
            pieces.price_key,
            hours_metered.hour_number,
            cast(sum(hours_metered.amount) as decimal(28, 12)) as amount,
            cast(sum(hours_metered.amount * pieces.price_usd) as decimal(28, 12)) as list_usd,
            -- The first minute of a life counts from its second; demand is known by whole minutes.
            bool_and(
                hours_metered.amount is not null
                and (
                    pieces.billing_mode = 'PROVISIONED'
                    or hours_metered.known_minutes * 60 > hours_metered.seconds - 60
                )
            ) as is_known,
            bool_and(coalesce(hours_metered.amount, 0) = 0 or pieces.price_usd is not null) as is_priced
        from hours_metered
        inner join pieces on hours_metered.piece_number = pieces.piece_number
        cross join bounds
        where hours_metered.hour_number >= bounds.first_hour and hours_metered.hour_number < bounds.end_hour
        group by pieces.table_hash, pieces.price_key, hours_metered.hour_number
    ),

    -- A size holds from the day that it was seen until the next was; the first one also before.
    sizes_in_time as (
        select
            hash(sizes.account_id, sizes.region, sizes.resource_name) as resource_hash,
            {{
                storage_gb(
                    "sizes.size_bytes", "sizes.item_count", "coalesce(resources.is_replicated, false)"
                )
            }} as gb,
            sizes.observed_on - date '1970-01-01' as from_day,
            lag(sizes.observed_on) over life is null as is_first,
            lead(sizes.observed_on) over life - date '1970-01-01' as to_day
        from sizes
        left join
            resources
            on sizes.account_id = resources.account_id
            and sizes.region = resources.region
            and sizes.resource_name = resources.resource_name
        window
            life as (
                partition by sizes.account_id, sizes.region, sizes.resource_name order by sizes.observed_on
            )
    ),

    sizes_by_day as (
        select
            sizes_in_time.resource_hash,
            sizes_in_time.gb,
            unnest(
                range(
                    greatest(
                        case
                            when sizes_in_time.is_first
                            then divide(bounds.first_hour, 24)
                            else sizes_in_time.from_day
                        end,
                        divide(bounds.first_hour, 24)
                    ),
                    coalesce(sizes_in_time.to_day, divide(bounds.end_hour, 24) + 1)
                )
            ) as day_number
        from sizes_in_time
        cross join bounds
    ),

    -- Every table and index has one read dimension, whose pieces tell when it existed and in which class.
    stored as (
        select
            pieces.table_hash,
            pieces.region,
            attributes.price_key,
            hours_metered.hour_number,
            make_timestamp(hours_metered.hour_number * 3600000000) as hour_starts_at,
            sum(sizes_by_day.gb * hours_metered.seconds / 3600) as gb_hours,
            bool_and(sizes_by_day.gb is not null) as is_known
        from hours_metered
        inner join pieces on hours_metered.piece_number = pieces.piece_number
        inner join
            attributes on attributes.component = 'storage' and pieces.table_class = attributes.table_class
        cross join bounds
        left join
            sizes_by_day
            on hash(pieces.account_id, pieces.region, concat_ws('#', pieces.table_name, pieces.index_name))
            = sizes_by_day.resource_hash
            and divide(hours_metered.hour_number, 24) = sizes_by_day.day_number
        where
            pieces.dimension = 'read'
            and hours_metered.hour_number >= bounds.first_hour
            and hours_metered.hour_number < bounds.end_hour
        group by pieces.table_hash, pieces.region, attributes.price_key, hours_metered.hour_number
    ),

    storage as (
        select
            stored.*,
            cast(
                stored.gb_hours / (
                    epoch(date_trunc('month', stored.hour_starts_at) + interval '1' month)
                    - epoch(date_trunc('month', stored.hour_starts_at))
                )
                * 3600 as decimal(28, 12)
            ) as amount,
            prices.price_usd
        from stored
        left join
            prices
            on stored.region = prices.region
            and stored.price_key = prices.price_key
            and stored.hour_starts_at >= prices.valid_from
            and stored.hour_starts_at < coalesce(prices.valid_to, timestamp '9999-01-01')
    )

select table_hash, price_key, hour_number, amount, list_usd, is_known, is_priced
from throughput
union all
select
    table_hash,
    price_key,
    hour_number,
    case when is_known then amount end as amount,
    case when is_known then cast(amount * price_usd as decimal(28, 12)) end as list_usd,
    is_known,
    price_usd is not null as is_priced
from storage
