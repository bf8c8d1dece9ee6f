with
    days_arrayed as (select * from {{ ref("int_demand__days_arrayed") }}),

    resources_started as (select * from {{ ref("int_demand__resources_started") }}),

    hours_remembered as (select * from {{ ref("int_demand__hours_remembered") }}),

    -- Whole days up to the build's own: their peaks stand beside the arrays, which need not be read.
    days as (
        {% for dimension in ["read", "write"] %}
            select
                days_arrayed.resource_key,
                '{{ dimension }}' as dimension,
                days_arrayed.day,
                days_arrayed.{{ dimension }}_peak_units_per_second as peak
            from days_arrayed
            inner join resources_started on days_arrayed.resource_key = resources_started.resource_key
            where
                days_arrayed.day < cast({{ window_end() }} as date)
                and (days_arrayed.day + 1 - date '1970-01-01') * 1440 > resources_started.first_minute
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    ordered as (
        select
            days.resource_key,
            days.dimension,
            days.day,
            days.peak,
            max(days.peak) over (
                partition by days.resource_key, days.dimension
                order by days.day
                rows between unbounded preceding and 1 preceding
            ) as earlier_day_peak,
            case
                when days.day >= cast({{ window_start() }} as date)
                then hours_remembered.earlier_units_per_second
            end as remembered_hour,
            row_number() over (
                partition by days.resource_key, days.dimension
                order by days.peak desc nulls last, days.day desc
            ) as place
        from days
        left join
            hours_remembered
            on days.resource_key = hours_remembered.resource_key
            and days.dimension = hours_remembered.dimension
    ),

    -- An hour is a mean, so that what is remembered can only raise what earlier minutes tell: without
    -- any of them a peak is not judged.
    compared as (
        select
            *,
            case
                when earlier_day_peak is not null then greatest(earlier_day_peak, remembered_hour)
            end as earlier_peak
        from ordered
        where place = 1
    )

select
    {{ surrogate_key(["resource_key", "dimension"]) }} as resource_dimension_key,
    resource_key,
    dimension,
    day as peak_on,
    peak as peak_units_per_second,
    earlier_peak as earlier_peak_units_per_second,
    coalesce(peak > {{ var("peak_growth") }} * earlier_peak, false) as outgrows_earlier_peaks
from compared
