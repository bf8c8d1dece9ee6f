with
    resources as (select * from {{ ref("int_inventory__resources") }}),

    accounts as (select * from {{ ref("int_inventory__accounts") }}),

    index_counts as (
        select table_key, count(*) as index_count from resources where is_index group by table_key
    )

select
    resources.table_key,
    resources.account_id,
    accounts.account_name,
    accounts.ou_path,
    accounts.payer_account_id,
    resources.region,
    resources.table_name,
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
    resources.is_replicated,
    resources.replica_regions,
    coalesce(index_counts.index_count, 0) as index_count,
    resources.size_bytes,
    resources.item_count,
    resources.sizes_observed_on,
    resources.pitr_enabled,
    resources.deletion_protection,
    resources.created_at,
    resources.billing_mode_changed_at,
    resources.table_class_changed_at,
    resources.tags
from resources
left join accounts on resources.account_id = accounts.account_id
left join index_counts on resources.table_key = index_counts.table_key
where not resources.is_index
