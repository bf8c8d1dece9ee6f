{%- set measures = {"units_per_second": "rate", "utilization": "utilization"} -%}
{%- set dimensions = ["read", "write"] -%}

with
    windows as (select * from {{ ref("int_demand__windows") }}),

    capacities_gathered as (select * from {{ ref("int_demand__capacities_gathered") }}),

    -- Again without its arrays, because DuckDB keeps in memory what a query reads twice.
    capacities_averaged as (
        select resource_key, provisioned_mean_read_units, provisioned_mean_write_units
        from {{ ref("int_demand__capacities_gathered") }}
    ),

    resources_started as (select * from {{ ref("int_demand__resources_started") }}),

    days_arrayed as (select * from {{ ref("int_demand__days_arrayed") }}),

    hours_remembered as (select * from {{ ref("int_demand__hours_remembered") }}),

    -- Capacity is told for five minutes, and the window may begin inside of them.
    arrays as (
        select
            windows.resource_key,
            windows.reads,
            windows.writes,
            {%- for dimension in dimensions %}
                list_slice(
                    flatten(
                        list_transform(
                            capacities_gathered.{{ dimension }}_capacity,
                            lambda units:[units, units, units, units, units]
                        )
                    ),
                    windows.start_minute - capacities_gathered.first_slot * 5 + 1,
                    windows.start_minute - capacities_gathered.first_slot * 5 + len(windows.reads)
                ) as {{ dimension }}_capacity {{ "," if not loop.last }}
            {%- endfor %}
        from windows
        left join capacities_gathered on windows.resource_key = capacities_gathered.resource_key
    ),

    minutes as (
        select
            hash(resource_key) as resource_hash,
            {%- for dimension in dimensions %}
                unnest({{ dimension }}s) as {{ dimension }}_rate,
                unnest({{ dimension }}_capacity) as {{ dimension }}_units {{ "," if not loop.last }}
            {%- endfor %}
        from arrays
    ),

    minutes_utilized as (
        select
            *,
            {%- for dimension in dimensions %}
                -- The capacity in force in that minute, not today's and not the window's mean.
                {{ dimension }}_rate
                / nullif({{ dimension }}_units, 0) as {{ dimension }}_utilization {{ "," if not loop.last }}
            {%- endfor %}
        from minutes
    ),

    -- Minutes are rows here, and every measure is taken in one pass over them.
    measured as (
        select
            resource_hash,
            {%- for dimension in dimensions %}
                {%- set is_last = loop.last %}
                {%- for measure, value in measures.items() %}
                    avg({{ dimension }}_{{ value }}) as mean_{{ dimension }}_{{ measure }},
                    max({{ dimension }}_{{ value }}) as max_{{ dimension }}_{{ measure }},
                    quantile_cont(
                        {{ dimension }}_{{ value }}, [0.5, 0.9, 0.95, 0.99]
                    ) as quantiles_{{ dimension }}_{{ measure }} {{ "," if not (is_last and loop.last) }}
                {%- endfor %}
            {%- endfor %}
        from minutes_utilized
        group by resource_hash
    ),

    -- Whole days, so that their arrays need not be read: the window's own minutes cover the day of the
    -- build. The day of the creation counts from its midnight, which can only make the peak higher.
    stored_days as (
        select
            days_arrayed.resource_key,
            max(days_arrayed.read_peak_units_per_second) as read_peak,
            max(days_arrayed.write_peak_units_per_second) as write_peak
        from days_arrayed
        inner join resources_started on days_arrayed.resource_key = resources_started.resource_key
        where
            days_arrayed.day < cast({{ window_end() }} as date)
            and (days_arrayed.day + 1 - date '1970-01-01') * 1440 > resources_started.first_minute
        group by days_arrayed.resource_key
    ),

    dimensions as (
        {% for dimension in dimensions %}
            select
                resources_started.resource_key,
                '{{ dimension }}' as dimension,
                {%- for measure in measures %}
                    measured.mean_{{ dimension }}_{{ measure }} as mean_{{ measure }},
                    measured.max_{{ dimension }}_{{ measure }} as max_{{ measure }},
                    measured.quantiles_{{ dimension }}_{{ measure }} as quantiles_{{ measure }},
                {%- endfor %}
                stored_days.{{ dimension }}_peak as stored_peak,
                capacities_averaged.provisioned_mean_{{ dimension }}_units as provisioned_mean_units
            from measured
            inner join resources_started on measured.resource_hash = hash(resources_started.resource_key)
            left join stored_days on resources_started.resource_key = stored_days.resource_key
            left join
                capacities_averaged on resources_started.resource_key = capacities_averaged.resource_key
                {{ "union all" if not loop.last }}
        {% endfor %}
    )

select
    {{ surrogate_key(["dimensions.resource_key", "dimensions.dimension"]) }} as resource_dimension_key,
    dimensions.resource_key,
    dimensions.dimension,
    {%- for measure in measures %}
        dimensions.mean_{{ measure }},
        {%- for percentile in [50, 90, 95, 99] %}
            dimensions.quantiles_{{ measure }} [{{ loop.index }}] as p{{ percentile }}_{{ measure }},
        {%- endfor %}
        dimensions.max_{{ measure }},
    {%- endfor %}
    dimensions.max_units_per_second / nullif(dimensions.mean_units_per_second, 0) as peak_to_mean,
    greatest(dimensions.max_units_per_second, dimensions.stored_peak) as stored_peak_units_per_second,
    dimensions.provisioned_mean_units,
    hours_remembered.highest_units_per_second as long_memory_peak_units_per_second,
    hours_remembered.highest_at as long_memory_peak_at
from dimensions
left join
    hours_remembered
    on dimensions.resource_key = hours_remembered.resource_key
    and dimensions.dimension = hours_remembered.dimension
