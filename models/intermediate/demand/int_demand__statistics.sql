{%- set measures = {"units_per_second": "rates", "utilization": "utilizations"} -%}

with
    windows as (select * from {{ ref("int_demand__windows") }}),

    capacities_gathered as (select * from {{ ref("int_demand__capacities_gathered") }}),

    resources_started as (select * from {{ ref("int_demand__resources_started") }}),

    days_arrayed as (select * from {{ ref("int_demand__days_arrayed") }}),

    hours_remembered as (select * from {{ ref("int_demand__hours_remembered") }}),

    dimensions as (
        {% for dimension in ["read", "write"] %}
            select
                windows.resource_key,
                '{{ dimension }}' as dimension,
                windows.{{ dimension }}s as rates,
                capacities_gathered.provisioned_mean_{{ dimension }}_units as provisioned_mean_units,
                -- The capacity in force in that minute, not today's and not the window's mean.
                case
                    when capacities_gathered.resource_key is not null
                    then
                        list_transform(
                            range(1, len(windows.{{ dimension }}s) + 1),
                            lambda place:windows.{{ dimension }}s[place] / nullif(
                                capacities_gathered.{{ dimension }}_capacity[
                                    divide(windows.start_minute + place - 1, 5)
                                    - capacities_gathered.first_slot
                                    + 1
                                ],
                                0
                            )
                        )
                end as utilizations
            from windows
            left join
                capacities_gathered on windows.resource_key = capacities_gathered.resource_key
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    measured as (
        select
            resource_key,
            dimension,
            provisioned_mean_units,
            {%- for measure, list in measures.items() %}
                list_avg({{ list }}) as mean_{{ measure }},
                list_max({{ list }}) as max_{{ measure }},
                list_aggregate(
                    {{ list }}, 'quantile_cont', [0.5, 0.9, 0.95, 0.99]
                ) as quantiles_{{ measure }},
            {%- endfor %}
        from dimensions
    ),

    -- Whole days, so that their arrays need not be read: the window's own minutes cover the day of the
    -- build. The
    -- day of the creation counts from its midnight, which can only make the peak higher.
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
    )

select
    {{ surrogate_key(["measured.resource_key", "measured.dimension"]) }} as resource_dimension_key,
    measured.resource_key,
    measured.dimension,
    {%- for measure in measures %}
        measured.mean_{{ measure }},
        {%- for percentile in [50, 90, 95, 99] %}
            measured.quantiles_{{ measure }} [{{ loop.index }}] as p{{ percentile }}_{{ measure }},
        {%- endfor %}
        measured.max_{{ measure }},
    {%- endfor %}
    measured.max_units_per_second / nullif(measured.mean_units_per_second, 0) as peak_to_mean,
    greatest(
        measured.max_units_per_second,
        case measured.dimension when 'read' then stored_days.read_peak else stored_days.write_peak end
    ) as stored_peak_units_per_second,
    measured.provisioned_mean_units,
    hours_remembered.highest_units_per_second as long_memory_peak_units_per_second,
    hours_remembered.highest_at as long_memory_peak_at
from measured
left join stored_days on measured.resource_key = stored_days.resource_key
left join
    hours_remembered
    on measured.resource_key = hours_remembered.resource_key
    and measured.dimension = hours_remembered.dimension
