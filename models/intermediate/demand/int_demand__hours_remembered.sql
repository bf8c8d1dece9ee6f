with
    resources as (select * from {{ ref("int_inventory__resources") }}),

    metrics as (select * from {{ ref("stg_cloudwatch__metrics") }}),

    hours as (
        select
            hash(account_id, region, resource_name) as resource_hash,
            case
                metric_name
                when 'ConsumedReadCapacityUnits'
                then 'read'
                when 'ConsumedWriteCapacityUnits'
                then 'write'
            end as dimension,
            starts_at,
            value
        from metrics
        where
            period_seconds = 3600
            and statistic = 'Sum'
            and starts_at <= {{ window_end() }} - interval '1' hour
    ),

    resources_hashed as (
        select
            resource_key,
            hash(account_id, region, resource_name) as resource_hash,
            -- The hour of the creation counts; what is older belongs to an earlier table of the same name.
            coalesce(date_trunc('hour', created_at), timestamp '1970-01-01') as first_hour_at
        from resources
    ),

    highest as (
        select
            resources_hashed.resource_key,
            hours.resource_hash,
            resources_hashed.first_hour_at,
            hours.dimension,
            min(hours.starts_at) as first_point_at,
            max(hours.value) filter (where hours.starts_at >= resources_hashed.first_hour_at) as highest_sum,
            max(hours.value) filter (
                where
                    hours.starts_at >= resources_hashed.first_hour_at
                    and hours.starts_at < {{ window_start() }}
            ) as earlier_sum
        from hours
        inner join resources_hashed on hours.resource_hash = resources_hashed.resource_hash
        where hours.dimension is not null
        group by all
    )

select
    highest.resource_key,
    highest.dimension,
    highest.first_point_at,
    highest.highest_sum / 3600 as highest_units_per_second,
    -- Of equal hours the earliest, so that a rebuild says the same.
    min(hours.starts_at) as highest_at,
    highest.earlier_sum / 3600 as earlier_units_per_second
from highest
left join
    hours
    on highest.resource_hash = hours.resource_hash
    and highest.dimension = hours.dimension
    and highest.highest_sum = hours.value
    and highest.first_hour_at <= hours.starts_at
group by
    highest.resource_key, highest.dimension, highest.first_point_at, highest.highest_sum, highest.earlier_sum
