with
    dimensions as (select * from {{ ref("int_costs__dimensions_priced") }}),

    cuts as (select * from {{ ref("int_capacity__cuts_proposed") }}),

    -- Nothing is known to be needed where no demand is known.
    sized as (
        select
            *,
            case
                when
                    coalesce(
                        stored_peak_units_per_second, max_units_per_second, long_memory_peak_units_per_second
                    )
                    is not null
                then {{ needed_units() }}
            end as needed_units
        from dimensions
    ),

    -- What is fixed today keeps its units but for the cuts that are advised; all else is given what its
    -- peaks need.
    chosen as (
        select
            sized.*,
            sized.billing_mode = 'PROVISIONED' and not sized.is_autoscaled as is_fixed_today,
            case
                when
                    sized.billing_mode <> 'PROVISIONED'
                    or sized.is_autoscaled
                    or coalesce(cuts.is_advised, false)
                then sized.needed_units
                else sized.units
            end as fixed_units
        from sized
        left join cuts on sized.resource_dimension_key = cuts.resource_dimension_key
    )

select
    resource_dimension_key,
    resource_key,
    dimension,
    table_key,
    decision_key,
    cast(fixed_units as bigint) as fixed_units,
    {{ quantity("fixed_units * " ~ hours_per_month()) }} as monthly_unit_hours,
    is_fixed_today,
    is_fixed_today and fixed_units = units as is_as_today,
    throttle_events > 0
    and coalesce(
        fixed_units * {{ hours_per_month() }} < monthly_unit_hours, false
    ) as cuts_throttled_dimension
from chosen
