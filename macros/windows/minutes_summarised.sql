{# Query of what the minutes of days come to, for the whole and for each hour. `wanted` is a step of the query that names the days
   and the minutes of them that count: resource_day_key, day, from_minute, to_minute, updated_at. Only known minutes count;
   the lists hold the hours that have some. (The day is there so that the arrays of other days need not be read.)

   The arrays are read twice, because DuckDB would keep in memory what one step hands to two. #}
{% macro minutes_summarised(wanted) %}
    {%- set dimensions = ["read", "write"] %}
    with
        days as (
            select
                days_arrayed.resource_day_key,
                days_arrayed.resource_key,
                days_arrayed.day,
                wanted.updated_at,
                {%- for dimension in dimensions %}
                    list_slice(
                        days_arrayed.{{ dimension }}s, wanted.from_minute + 1, wanted.to_minute
                    ) as {{ dimension }}s {{ "," if not loop.last }}
                {%- endfor %}
            from {{ ref("int_demand__days_arrayed") }} as days_arrayed
            inner join
                {{ wanted }} as wanted
                on days_arrayed.resource_day_key = wanted.resource_day_key
                and days_arrayed.day = wanted.day
        ),

        minutes as (
            select
                hash(days_arrayed.resource_day_key) as day_hash,
                unnest(range(wanted.from_minute, wanted.to_minute)) as minute_of_day,
                {%- for dimension in dimensions %}
                    unnest(
                        list_slice(days_arrayed.{{ dimension }}s, wanted.from_minute + 1, wanted.to_minute)
                    ) as {{ dimension }}_rate {{ "," if not loop.last }}
                {%- endfor %}
            from {{ ref("int_demand__days_arrayed") }} as days_arrayed
            inner join
                {{ wanted }} as wanted
                on days_arrayed.resource_day_key = wanted.resource_day_key
                and days_arrayed.day = wanted.day
        ),

        -- Grouping tens of millions of rows by a number costs a third of grouping them by text (measured).
        hours as (
            select
                day_hash,
                divide(minute_of_day, 60) as hour,
                count(read_rate) as known_minutes,
                {%- for dimension in dimensions %}
                    avg({{ dimension }}_rate) as {{ dimension }}_mean,
                    max({{ dimension }}_rate) as {{ dimension }}_max {{ "," if not loop.last }}
                {%- endfor %}
            from minutes
            group by day_hash, hour
            having count(read_rate) > 0
        ),

        hours_listed as (
            select
                day_hash,
                list(hour order by hour) as hours,
                list(known_minutes order by hour) as hours_known_minutes,
                {%- for dimension in dimensions %}
                    list({{ dimension }}_mean order by hour) as hours_{{ dimension }}_mean,
                    list({{ dimension }}_max order by hour) as hours_{{ dimension }}_max
                    {{ "," if not loop.last }}
                {%- endfor %}
            from hours
            group by day_hash
        ),

        days_summarised as (
            select
                resource_day_key,
                resource_key,
                day,
                updated_at,
                list_count(reads) as known_minutes,
                {%- for dimension in dimensions %}
                    list_avg({{ dimension }}s) as {{ dimension }}_mean,
                    list_max({{ dimension }}s) as {{ dimension }}_max,
                    list_aggregate(
                        {{ dimension }}s, 'quantile_cont', [0.5, 0.9, 0.95, 0.99]
                    ) as {{ dimension }}_quantiles {{ "," if not loop.last }}
                {%- endfor %}
            from days
        )

    select
        days_summarised.*,
        hours_listed.hours,
        hours_listed.hours_known_minutes,
        {%- for dimension in dimensions %}
            hours_listed.hours_{{ dimension }}_mean,
            hours_listed.hours_{{ dimension }}_max {{ "," if not loop.last }}
        {%- endfor %}
    from days_summarised
    left join hours_listed on hash(days_summarised.resource_day_key) = hours_listed.day_hash
{% endmacro %}
