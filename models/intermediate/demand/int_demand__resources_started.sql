with
    resources as (select * from {{ ref("int_inventory__resources") }}),

    days_arrayed as (select * from {{ ref("int_demand__days_arrayed") }}),

    hours_remembered as (select * from {{ ref("int_demand__hours_remembered") }}),

    points as (
        select resource_key, first_point_at
        from days_arrayed
        where first_point_at is not null
        union all
        select resource_key, first_point_at
        from hours_remembered
    ),

    first_points as (
        select resource_key, min(first_point_at) as first_point_at
        from points
        where first_point_at < {{ window_end() }}
        group by resource_key
    ),

    starts as (
        select
            resources.resource_key,
            resources.is_index,
            first_points.first_point_at,
            case
                -- AWS tells when a table was created, but not when an index was.
                when resources.is_index and first_points.first_point_at > resources.created_at
                then first_points.first_point_at
                else resources.created_at
            end as demand_starts_at
        from resources
        left join first_points on resources.resource_key = first_points.resource_key
    )

select
    resource_key,
    first_point_at,
    demand_starts_at,
    -- The first minute that it existed from beginning to end.
    coalesce(divide(epoch_ms(demand_starts_at) + 59999, 60000), 0) as first_minute
from starts
