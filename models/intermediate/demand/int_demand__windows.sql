{{ config(materialized="table_in_parts", split_by="int_inventory__resources") }}

with
    resources as (select * from {{ ref("int_inventory__resources") }} where {{ in_part("resource_key") }}),

    -- Twice, because DuckDB keeps in memory what a query reads twice: what is small, and the arrays.
    days_described as (
        select resource_key, day, known_ranges, read_throttles, write_throttles
        from {{ ref("int_demand__days_arrayed") }}
    ),

    days_arrayed as (select resource_key, day, reads, writes from {{ ref("int_demand__days_arrayed") }}),

    resources_started as (select * from {{ ref("int_demand__resources_started") }}),

    -- The window in minutes since 1970. It begins in the middle of a day unless the build's moment is
    -- midnight.
    bounds as ({{ window_bounds() }}),

    existing as (
        select
            resources.resource_key,
            resources_started.demand_starts_at,
            bounds.start_minute,
            bounds.end_minute,
            least(
                greatest(resources_started.first_minute, bounds.start_minute), bounds.end_minute
            ) as first_minute
        from resources
        inner join resources_started on resources.resource_key = resources_started.resource_key
        cross join bounds
    ),

    days_of_window as (
        select days_described.*, (days_described.day - date '1970-01-01') * 1440 as first_minute_of_day
        from days_described
        inner join bounds on days_described.day between bounds.first_day and bounds.last_day
        semi join resources on days_described.resource_key = resources.resource_key
    ),

    ranges as (
        select resource_key, first_minute_of_day, unnest(known_ranges, recursive := true) from days_of_window
    ),

    ranges_of_window as (
        select
            existing.resource_key,
            greatest(ranges.first_minute_of_day + ranges.from_minute, existing.first_minute) as from_minute,
            least(ranges.first_minute_of_day + ranges.to_minute, existing.end_minute) as to_minute,
            greatest(ranges.read_period_seconds, ranges.write_period_seconds) as period_seconds
        from ranges
        inner join existing on ranges.resource_key = existing.resource_key
    ),

    known as (
        select
            resource_key,
            cast(sum(to_minute - from_minute) as bigint) as known_minutes,
            cast(
                sum(to_minute - from_minute) filter (where period_seconds = 300) as bigint
            ) as known_minutes_at_300,
            max(period_seconds) as resolution_seconds,
            -- No range goes over midnight, so that each lies in one day. 1970-01-01 was a Thursday.
            count(distinct divide(from_minute, 1440) % 7) as known_weekdays,
            make_timestamp(min(from_minute) * 60000000) as first_known_at,
            make_timestamp(max(to_minute) * 60000000) as last_known_at
        from ranges_of_window
        where from_minute < to_minute
        group by resource_key
    ),

    throttles as (
        select
            resource_key, 'read' as dimension, first_minute_of_day, unnest(read_throttles, recursive := true)
        from days_of_window
        union all
        select
            resource_key,
            'write' as dimension,
            first_minute_of_day,
            unnest(write_throttles, recursive := true)
        from days_of_window
    ),

    throttled as (
        select
            existing.resource_key,
            sum(throttles.value) filter (where throttles.dimension = 'read') as read_throttle_events,
            sum(throttles.value) filter (where throttles.dimension = 'write') as write_throttle_events
        from throttles
        inner join existing on throttles.resource_key = existing.resource_key
        where
            throttles.first_minute_of_day + throttles.minute_of_day >= existing.first_minute
            and throttles.first_minute_of_day + throttles.minute_of_day < existing.end_minute
        group by existing.resource_key
    ),

    summarised as (
        select
            existing.*,
            coalesce(known.known_minutes, 0) as known_minutes,
            coalesce(known.known_minutes_at_300, 0) as known_minutes_at_300,
            known.resolution_seconds,
            coalesce(known.known_weekdays, 0) as known_weekdays,
            known.first_known_at,
            known.last_known_at,
            coalesce(throttled.read_throttle_events, 0) as read_throttle_events,
            coalesce(throttled.write_throttle_events, 0) as write_throttle_events
        from existing
        left join known on existing.resource_key = known.resource_key
        left join throttled on existing.resource_key = throttled.resource_key
    ),

    days_missing as (
        select existing.resource_key, cast(days.day as date) as day
        from existing
        cross join bounds
        cross join unnest(range(bounds.first_day, bounds.last_day + 1, interval '1' day)) as days(day)
        anti join
            days_of_window
            on existing.resource_key = days_of_window.resource_key
            and days.day = days_of_window.day
    ),

    arrays as (
        select days_arrayed.resource_key, days_arrayed.day, days_arrayed.reads, days_arrayed.writes
        from days_arrayed
        inner join bounds on days_arrayed.day between bounds.first_day and bounds.last_day
        union all
        select resource_key, day, {{ unknown_minutes(1440) }} as reads, {{ unknown_minutes(1440) }} as writes
        from days_missing
    ),

    -- What is small was put together first: the arrays are joined to it, and nothing is joined to the arrays.
    days_gathered as (
        select
            summarised.*,
            list(arrays.day) as days,
            list(arrays.reads) as days_of_reads,
            list(arrays.writes) as days_of_writes
        from arrays
        inner join summarised on arrays.resource_key = summarised.resource_key
        group by all
    ),

    windows as (
        select
            * exclude (days, days_of_reads, days_of_writes),
            {{ days_joined("days", "days_of_reads") }} as reads,
            {{ days_joined("days", "days_of_writes") }} as writes
        from days_gathered
    )

select
    resource_key,
    {{ window_start() }} as window_start,
    {{ window_end() }} as window_end,
    start_minute,
    reads,
    writes,
    end_minute - first_minute as existing_minutes,
    known_minutes,
    known_minutes_at_300,
    known_minutes / 60 as known_hours,
    known_minutes / (end_minute - start_minute) as coverage_ratio,
    resolution_seconds,
    coalesce(list_sum(reads), 0) * 60 as read_units,
    coalesce(list_sum(writes), 0) * 60 as write_units,
    read_throttle_events,
    write_throttle_events,
    known_weekdays,
    first_known_at,
    last_known_at,
    demand_starts_at
from windows
