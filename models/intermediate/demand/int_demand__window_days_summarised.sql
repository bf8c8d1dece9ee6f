with
    days_summarised as (select * from {{ ref("int_demand__days_summarised") }}),

    resources_started as (select * from {{ ref("int_demand__resources_started") }}),

    bounds as ({{ window_bounds() }}),

    -- The window and the life of a resource begin and end inside of days.
    days_cut as (
        select
            days_summarised.resource_day_key,
            days_summarised.day,
            days_summarised.updated_at,
            greatest(bounds.start_minute, resources_started.first_minute)
            - (days_summarised.day - date '1970-01-01') * 1440 as from_minute,
            bounds.end_minute - (days_summarised.day - date '1970-01-01') * 1440 as to_minute
        from days_summarised
        inner join bounds on days_summarised.day between bounds.first_day and bounds.last_day
        inner join resources_started on days_summarised.resource_key = resources_started.resource_key
    ),

    days_of_window as (
        select
            resource_day_key,
            day,
            updated_at,
            greatest(from_minute, 0) as from_minute,
            least(to_minute, 1440) as to_minute
        from days_cut
        where from_minute < least(to_minute, 1440)
    ),

    days_in_part as (select * from days_of_window where from_minute > 0 or to_minute < 1440),

    parts_summarised as ({{ minutes_summarised("days_in_part") }}),

    window_days_summarised as (
        select *
        from parts_summarised
        union all by name
        select days_summarised.*
        from days_summarised
        inner join days_of_window on days_summarised.resource_day_key = days_of_window.resource_day_key
        where days_of_window.from_minute = 0 and days_of_window.to_minute = 1440
    )

select *
from window_days_summarised
where known_minutes > 0
