with
    policies as (select * from {{ ref("int_capacity__policies_chosen") }} where purpose = 'search'),

    windows as (select resource_key, start_minute, reads, writes from {{ ref("int_demand__windows") }}),

    settings as (
        select
            resource_key,
            {% for dimension in ["read", "write"] %}
                {% for part in ["target", "minimum", "maximum"] %}
                    max(
                        case when dimension = '{{ dimension }}' then {{ part }} end
                    ) as {{ dimension }}_{{ part }} {{ "," if not (loop.last and dimension == "write") }}
                {% endfor %}
            {% endfor %}
        from policies
        group by resource_key
    ),

    simulated as (
        select
            windows.resource_key,
            divide(windows.start_minute, 60) as first_hour,
            optima_capacity_hourly(
                windows.reads,
                windows.writes,
                windows.start_minute,
                {
                    'setting_id':'chosen',
                    'read_target':settings.read_target,
                    'read_min':cast(settings.read_minimum as double),
                    'read_max':cast(settings.read_maximum as double),
                    'write_target':settings.write_target,
                    'write_min':cast(settings.write_minimum as double),
                    'write_max':cast(settings.write_maximum as double),
                    'delay_minutes':cast({{ var("scaling_delay_minutes") }} as integer),
                    'burst_seconds':cast({{ var("safe_burst_seconds") }} as double),
                    'hold_at_zero':false
                }
            ) as hours
        from settings
        inner join windows on settings.resource_key = windows.resource_key
    ),

    hours as (
        select
            resource_key,
            first_hour + unnest(range(len(hours.read_capacity))) as hour_number,
            unnest(hours.read_capacity) as read_simulated_units,
            unnest(hours.write_capacity) as write_simulated_units
        from simulated
    )

select
    {{ surrogate_key(["resource_key", "hour_number"]) }} as resource_hour_key,
    resource_key,
    hour_number,
    make_timestamp(hour_number * 3600000000) as hour_starts_at,
    read_simulated_units,
    write_simulated_units
from hours
where read_simulated_units is not null
