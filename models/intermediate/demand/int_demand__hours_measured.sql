with
    windows as (select * from {{ ref("int_demand__windows") }} where known_minutes > 0),

    capacities_gathered as (select * from {{ ref("int_demand__capacities_gathered") }}),

    -- Grouping tens of millions of rows by a number costs a third of grouping them by text (measured).
    minutes as (
        select
            hash(resource_key) as resource_hash,
            unnest(range(start_minute, start_minute + len(reads))) as minute_number,
            unnest(reads) as read_rate,
            unnest(writes) as write_rate
        from windows
    ),

    hours as (
        select
            resource_hash,
            divide(minute_number, 60) as hour_number,
            count(read_rate) as known_minutes,
            avg(read_rate) as read_mean,
            max(read_rate) as read_max,
            avg(write_rate) as write_mean,
            max(write_rate) as write_max
        from minutes
        group by resource_hash, hour_number
        having count(read_rate) > 0
    ),

    slots as (
        select
            resource_key,
            first_slot + unnest(range(len(read_capacity))) as slot,
            unnest(read_capacity) as read_units,
            unnest(write_capacity) as write_units
        from capacities_gathered
    ),

    hours_provisioned as (
        select
            resource_key,
            divide(slot, 12) as hour_number,
            avg(read_units) as read_provisioned_units,
            avg(write_units) as write_provisioned_units
        from slots
        group by resource_key, hour_number
    )

select
    {{ surrogate_key(["windows.resource_key", "hours.hour_number"]) }} as resource_hour_key,
    windows.resource_key,
    make_timestamp(hours.hour_number * 3600000000) as hour_starts_at,
    hours.known_minutes,
    hours.read_mean * hours.known_minutes * 60 as read_units,
    hours.read_mean as read_mean_units_per_second,
    hours.read_max as read_max_units_per_second,
    hours_provisioned.read_provisioned_units,
    hours.write_mean * hours.known_minutes * 60 as write_units,
    hours.write_mean as write_mean_units_per_second,
    hours.write_max as write_max_units_per_second,
    hours_provisioned.write_provisioned_units
from hours
inner join windows on hours.resource_hash = hash(windows.resource_key)
left join
    hours_provisioned
    on windows.resource_key = hours_provisioned.resource_key
    and hours.hour_number = hours_provisioned.hour_number
