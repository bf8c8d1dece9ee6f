with
    windows as (
        select
            resource_key,
            divide(epoch_ms(window_end), 60000) as end_minute,
            divide(epoch_ms(window_end), 60000) - existing_minutes as first_minute
        from {{ ref("int_demand__windows") }}
    ),

    days_known as (select * from {{ ref("int_demand__days_known") }}),

    bounds as ({{ window_bounds() }}),

    ranges as (
        select
            days_known.resource_key,
            (days_known.day - date '1970-01-01') * 1440 as first_minute_of_day,
            unnest(days_known.known_ranges, recursive := true)
        from days_known
        inner join bounds on days_known.day between bounds.first_day and bounds.last_day
    ),

    known as (
        select
            windows.resource_key,
            windows.first_minute,
            windows.end_minute,
            greatest(ranges.first_minute_of_day + ranges.from_minute, windows.first_minute) as from_minute,
            least(ranges.first_minute_of_day + ranges.to_minute, windows.end_minute) as to_minute
        from ranges
        inner join windows on ranges.resource_key = windows.resource_key
    ),

    -- The window's end closes the last gap, of something that nobody collected the only one.
    known_until_the_end as (
        select *
        from known
        where from_minute < to_minute
        union all
        select resource_key, first_minute, end_minute, end_minute as from_minute, end_minute as to_minute
        from windows
    ),

    gaps as (
        select
            resource_key,
            coalesce(
                lag(to_minute) over (partition by resource_key order by from_minute, to_minute), first_minute
            ) as gap_from_minute,
            from_minute as gap_to_minute,
            end_minute
        from known_until_the_end
    )

select
    {{ surrogate_key(["resource_key", "gap_from_minute"]) }} as gap_key,
    resource_key,
    make_timestamp(gap_from_minute * 60000000) as gap_starts_at,
    make_timestamp(gap_to_minute * 60000000) as gap_ends_at,
    gap_to_minute - gap_from_minute as gap_minutes,
    gap_to_minute = end_minute as is_newest
from gaps
where gap_from_minute < gap_to_minute
