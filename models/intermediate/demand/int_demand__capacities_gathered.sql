with
    resources as (select * from {{ ref("int_inventory__resources") }} where billing_mode = 'PROVISIONED'),

    resources_started as (select * from {{ ref("int_demand__resources_started") }}),

    days_arrayed as (select * from {{ ref("int_demand__days_arrayed") }}),

    configuration_history as (select * from {{ ref("int_inventory__configuration_history") }}),

    -- Five minutes are a slot, numbered since 1970. A window that does not begin with one begins inside one.
    bounds as (
        select
            divide(epoch_ms({{ window_start() }}), 300000) as first_slot,
            divide(epoch_ms({{ window_end() }}) + 299999, 300000) as end_slot,
            cast({{ window_start() }} as date) as first_day,
            cast({{ window_end() }} as date) as last_day
    ),

    -- Joining and grouping millions of slots by a number costs a third of doing it by text.
    slots as (
        select
            hash(resources.resource_key) as resource_hash,
            unnest(range(bounds.first_slot, bounds.end_slot)) as slot
        from resources
        cross join bounds
    ),

    measured as (
        select
            hash(days_arrayed.resource_key) as resource_hash,
            (days_arrayed.day - date '1970-01-01') * 288 + unnest(range(288)) as slot,
            unnest(
                coalesce(days_arrayed.read_capacity, list_resize(cast([] as double[]), 288))
            ) as read_units,
            unnest(
                coalesce(days_arrayed.write_capacity, list_resize(cast([] as double[]), 288))
            ) as write_units
        from days_arrayed
        inner join bounds on days_arrayed.day between bounds.first_day and bounds.last_day
        semi join resources on days_arrayed.resource_key = resources.resource_key
        where days_arrayed.read_capacity is not null or days_arrayed.write_capacity is not null
    ),

    -- A slot has the configuration in which it begins.
    configured as (
        select
            hash(configuration_history.resource_key) as resource_hash,
            configuration_history.read_units,
            configuration_history.write_units,
            unnest(
                range(
                    greatest(
                        bounds.first_slot, divide(epoch_ms(configuration_history.valid_from) + 299999, 300000)
                    ),
                    least(
                        bounds.end_slot,
                        coalesce(
                            divide(epoch_ms(configuration_history.valid_to) + 299999, 300000), bounds.end_slot
                        )
                    )
                )
            ) as slot
        from configuration_history
        cross join bounds
        semi join resources on configuration_history.resource_key = resources.resource_key
        where configuration_history.billing_mode = 'PROVISIONED'
    ),

    slots_filled as (
        select
            slots.resource_hash,
            slots.slot,
            make_timestamp(slots.slot * 300000000) as slot_starts_at,
            {%- for dimension in ["read", "write"] %}
                measured.{{ dimension }}_units as measured_{{ dimension }}_units,
                coalesce(
                    measured.{{ dimension }}_units, configured.{{ dimension }}_units
                ) as {{ dimension }}_units,
            {%- endfor %}
        from slots
        left join measured on slots.resource_hash = measured.resource_hash and slots.slot = measured.slot
        left join
            configured on slots.resource_hash = configured.resource_hash and slots.slot = configured.slot
    ),

    settings as (
        select
            resources.resource_key,
            hash(resources.resource_key) as resource_hash,
            {%- for dimension in ["read", "write"] %}
                coalesce(
                    resources.{{ dimension }}_setting_changed_at,
                    resources_started.demand_starts_at,
                    timestamp '1970-01-01'
                ) as {{ dimension }}_set_at {{ "," if not loop.last }}
            {%- endfor %}
        from resources
        inner join resources_started on resources.resource_key = resources_started.resource_key
    )

select
    settings.resource_key,
    min(slots_filled.slot) as first_slot,
    {%- for dimension in ["read", "write"] %}
        list(slots_filled.{{ dimension }}_units order by slots_filled.slot) as {{ dimension }}_capacity,
        avg(slots_filled.measured_{{ dimension }}_units) filter (
            where slots_filled.slot_starts_at >= settings.{{ dimension }}_set_at
        ) as provisioned_mean_{{ dimension }}_units,
    {%- endfor %}
from slots_filled
inner join settings on slots_filled.resource_hash = settings.resource_hash
group by settings.resource_key
