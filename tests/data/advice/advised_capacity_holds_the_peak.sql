-- Fixed capacity is never advised below the highest minute or hour known, nor a maximum below what they
-- need at the target.
select resource_dimension_key as subject
from {{ ref("int_capacity__cuts_proposed") }}
where
    is_cut
    and not is_autoscaled
    and needed_units < greatest(stored_peak_units_per_second, coalesce(long_memory_peak_units_per_second, 0))
union all
select policies.policy_key
from {{ ref("int_capacity__policies_chosen") }} as policies
inner join
    {{ ref("int_costs__dimensions_priced") }} as dimensions
    on policies.resource_key = dimensions.resource_key
    and policies.dimension = dimensions.dimension
where
    (policies.purpose = 'search' or dimensions.is_autoscaled)
    and policies.maximum < greatest(
        coalesce(dimensions.stored_peak_units_per_second, 0),
        coalesce(dimensions.long_memory_peak_units_per_second, 0)
    )
    / policies.target
    - 1e-6
