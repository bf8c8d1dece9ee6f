{# An analysis by itself leaves the hours as they are. #}
{{ config(tags=["whole_build"]) }}
-- A plot of one policy beside the cost of another would be a lie.
with
    drawn as (
        select resource_key, 'read' as dimension, sum(read_simulated_units * known_minutes / 60) as unit_hours
        from {{ ref("fct_capacity_hourly") }}
        group by resource_key
        union all
        select
            resource_key, 'write' as dimension, sum(write_simulated_units * known_minutes / 60) as unit_hours
        from {{ ref("fct_capacity_hourly") }}
        group by resource_key
    )

select policies.policy_key
from {{ ref("int_capacity__policies_chosen") }} as policies
left join drawn on policies.resource_key = drawn.resource_key and policies.dimension = drawn.dimension
where
    policies.purpose = 'search'
    and not coalesce(abs(drawn.unit_hours - policies.unit_hours) <= 1e-9 * policies.unit_hours, false)
