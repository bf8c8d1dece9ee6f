with
    windows as (select * from {{ ref("int_demand__windows") }} where known_minutes > 0),

    days_arrayed as (select * from {{ ref("int_demand__days_arrayed") }}),

    hours_measured as (select * from {{ ref("int_demand__hours_measured") }}),

    minutes as (
        select
            hash(resource_key) as resource_hash,
            unnest(range(start_minute, start_minute + len(reads))) as minute_number,
            unnest(reads) as read_rate,
            unnest(writes) as write_rate
        from windows
    ),

    days as (
        select
            resource_hash,
            date '1970-01-01' + cast(divide(minute_number, 1440) as integer) as day,
            count(read_rate) as known_minutes,
            {%- for dimension in ["read", "write"] %}
                avg({{ dimension }}_rate) as {{ dimension }}_mean,
                max({{ dimension }}_rate) as {{ dimension }}_max,
                quantile_cont({{ dimension }}_rate, [0.5, 0.9, 0.95, 0.99]) as {{ dimension }}_quantiles,
            {%- endfor %}
        from minutes
        group by resource_hash, day
        having count(read_rate) > 0
    ),

    -- The hours' means weigh as much as the minutes that are known of them.
    days_provisioned as (
        select
            resource_key,
            cast(hour_starts_at as date) as day,
            {%- for dimension in ["read", "write"] %}
                sum({{ dimension }}_provisioned_units * known_minutes) / sum(known_minutes) filter (
                    where {{ dimension }}_provisioned_units is not null
                ) as {{ dimension }}_provisioned_units,
            {%- endfor %}
        from hours_measured
        group by resource_key, cast(hour_starts_at as date)
    )

select
    {{ surrogate_key(["windows.resource_key", "days.day"]) }} as resource_day_key,
    windows.resource_key,
    days.day,
    days.known_minutes,
    {%- for dimension in ["read", "write"] %}
        days.{{ dimension }}_mean * days.known_minutes * 60 as {{ dimension }}_units,
        days.{{ dimension }}_mean as {{ dimension }}_mean_units_per_second,
        {%- for percentile in [50, 90, 95, 99] %}
            days.{{ dimension }}_quantiles[
                {{ loop.index }}
            ] as {{ dimension }}_p{{ percentile }}_units_per_second,
        {%- endfor %}
        days.{{ dimension }}_max as {{ dimension }}_max_units_per_second,
        days_provisioned.{{ dimension }}_provisioned_units,
        coalesce(days_arrayed.{{ dimension }}_throttle_events, 0) as {{ dimension }}_throttle_events,
    {%- endfor %}
from days
inner join windows on days.resource_hash = hash(windows.resource_key)
left join
    days_provisioned
    on windows.resource_key = days_provisioned.resource_key
    and days.day = days_provisioned.day
left join days_arrayed on windows.resource_key = days_arrayed.resource_key and days.day = days_arrayed.day
