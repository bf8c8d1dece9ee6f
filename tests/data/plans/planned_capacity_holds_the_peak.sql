-- A plan of fixed capacity is never below the highest minute or hour known, but where it keeps
-- what is there.
select fixed.resource_dimension_key
from {{ ref("int_capacity__fixed_units_chosen") }} as fixed
inner join
    {{ ref("int_costs__dimensions_priced") }} as dimensions
    on fixed.resource_dimension_key = dimensions.resource_dimension_key
where
    not fixed.is_as_today
    and fixed.fixed_units < greatest(
        1,
        coalesce(dimensions.max_units_per_second, 0),
        coalesce(dimensions.stored_peak_units_per_second, 0),
        coalesce(dimensions.long_memory_peak_units_per_second, 0)
    )
