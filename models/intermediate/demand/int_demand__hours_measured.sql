{%- set dimensions = ["read", "write"] -%}

with
    days as (select * from {{ ref("int_demand__window_days_summarised") }}),

    capacities_gathered as (select * from {{ ref("int_demand__capacities_gathered") }}),

    hours as (
        select
            resource_key,
            (day - date '1970-01-01') * 24 + unnest(hours) as hour_number,
            unnest(hours_known_minutes) as known_minutes,
            {%- for dimension in dimensions %}
                unnest(hours_{{ dimension }}_mean) as {{ dimension }}_mean,
                unnest(hours_{{ dimension }}_max) as {{ dimension }}_max {{ "," if not loop.last }}
            {%- endfor %}
        from days
    ),

    slots as (
        select
            hash(resource_key) as resource_hash,
            divide(first_slot + unnest(range(len(read_capacity))), 12) as hour_number,
            unnest(read_capacity) as read_units,
            unnest(write_capacity) as write_units
        from capacities_gathered
    ),

    hours_provisioned as (
        select
            resource_hash,
            hour_number,
            avg(read_units) as read_provisioned_units,
            avg(write_units) as write_provisioned_units
        from slots
        group by resource_hash, hour_number
    )

select
    {{ surrogate_key(["hours.resource_key", "hours.hour_number"]) }} as resource_hour_key,
    hours.resource_key,
    make_timestamp(hours.hour_number * 3600000000) as hour_starts_at,
    hours.known_minutes,
    {%- for dimension in dimensions %}
        hours.{{ dimension }}_mean * hours.known_minutes * 60 as {{ dimension }}_units,
        hours.{{ dimension }}_mean as {{ dimension }}_mean_units_per_second,
        hours.{{ dimension }}_max as {{ dimension }}_max_units_per_second,
        hours_provisioned.{{ dimension }}_provisioned_units {{ "," if not loop.last }}
    {%- endfor %}
from hours
left join
    hours_provisioned
    on hash(hours.resource_key) = hours_provisioned.resource_hash
    and hours.hour_number = hours_provisioned.hour_number
