with
    resources as (select * from {{ ref("int_inventory__resources") }} where is_index),

    accounts as (select * from {{ ref("int_inventory__accounts") }})

select
    resources.resource_key as index_key,
    resources.table_key,
    resources.account_id,
    accounts.account_name,
    accounts.ou_path,
    resources.region,
    resources.table_name,
    resources.index_name,
    resources.resource_name,
    resources.billing_mode,
    resources.table_class,
    resources.read_units,
    resources.write_units,
    resources.is_read_autoscaled,
    resources.read_autoscaling_min,
    resources.read_autoscaling_max,
    resources.read_target,
    resources.is_write_autoscaled,
    resources.write_autoscaling_min,
    resources.write_autoscaling_max,
    resources.write_target,
    resources.on_demand_max_read_units,
    resources.on_demand_max_write_units,
    resources.size_bytes,
    resources.item_count,
    resources.sizes_observed_on,
    resources.created_at
from resources
left join accounts on resources.account_id = accounts.account_id
