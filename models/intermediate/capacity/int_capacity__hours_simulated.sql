with
    policies as (select * from {{ ref("int_capacity__policies_chosen") }} where purpose = 'search'),

    windows as (select resource_key, start_minute, reads, writes from {{ ref("int_demand__windows") }}),

    settings as (
        select
            resource_key,
            {% for dimension in ["read", "write"] %}
                {% for part, column in [("target", "target"), ("min", "minimum"), ("max", "maximum")] %}
                    max(
                        case when dimension = '{{ dimension }}' then {{ column }} end
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
                {{ simulation_setting("'chosen'", "false") }}
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
