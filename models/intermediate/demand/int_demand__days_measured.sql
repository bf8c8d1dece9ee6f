with
    days as (select * from {{ ref("int_demand__window_days_summarised") }}),

    days_arrayed as (select * from {{ ref("int_demand__days_arrayed") }}),

    hours_measured as (select * from {{ ref("int_demand__hours_measured") }}),

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
    days.resource_day_key,
    days.resource_key,
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
inner join days_arrayed on days.resource_day_key = days_arrayed.resource_day_key
left join
    days_provisioned on days.resource_key = days_provisioned.resource_key and days.day = days_provisioned.day
