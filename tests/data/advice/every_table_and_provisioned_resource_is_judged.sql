{# An analysis by itself leaves the other marts as they are, which may not know the newest tables yet. #}
{{ config(tags=["whole_build"]) }}
-- Nothing is dropped on the way: a table without history, price or demand has a row that says so.
select resources.resource_key, 'capacity_mode' as kind
from {{ ref("int_inventory__resources") }} as resources
left join {{ ref("capacity_mode_recommendations") }} as modes on resources.table_key = modes.table_key
where modes.table_key is null
union all
select resources.resource_key, 'utilization' as kind
from {{ ref("int_inventory__resources") }} as resources
left join {{ ref("utilization_recommendations") }} as cuts on resources.resource_key = cuts.resource_key
where resources.billing_mode = 'PROVISIONED' and cuts.resource_key is null
