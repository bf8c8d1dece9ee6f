with
    stored_versions as (select * from {{ ref("stg_dynamodb__indexes") }}),

    table_versions as (select * from {{ ref("int_inventory__tables_versioned") }}),

    filled_versions as (
        {{ autoscaling_filled("stored_versions", ["account_id", "region", "table_name", "index_name"]) }}
    ),

    preceded_versions as (
        select
            *,
            lag(valid_to) over (
                partition by account_id, region, table_name, index_name order by valid_from
            ) as previous_valid_to
        from filled_versions
    ),

    -- A gap in an index's history means that it was deleted and created anew.
    counted_versions as (
        select
            *,
            sum(case when previous_valid_to = valid_from then 0 else 1 end) over (
                partition by account_id, region, table_name, index_name order by valid_from
            ) as life
        from preceded_versions
    ),

    -- An index has the mode and the class of its table, and ends with it.
    index_versions as (
        select
            table_versions.table_key,
            counted_versions.account_id,
            counted_versions.region,
            counted_versions.table_name,
            counted_versions.index_name,
            counted_versions.resource_name,
            counted_versions.life,
            table_versions.billing_mode,
            table_versions.table_class,
            counted_versions.read_units,
            counted_versions.write_units,
            counted_versions.on_demand_max_read_units,
            counted_versions.on_demand_max_write_units,
            table_versions.created_at as table_created_at,
            table_versions.first_seen_at as table_first_seen_at,
            table_versions.pay_per_request_since_at,
            table_versions.table_class_updated_at,
            table_versions.is_deletion_protected,
            table_versions.is_pitr_enabled,
            table_versions.replica_regions,
            table_versions.tags,
            counted_versions.read_autoscaling_min,
            counted_versions.read_autoscaling_max,
            counted_versions.read_autoscaling_target_pct,
            counted_versions.write_autoscaling_min,
            counted_versions.write_autoscaling_max,
            counted_versions.write_autoscaling_target_pct,
            counted_versions.is_autoscaling_unknown,
            min(greatest(counted_versions.valid_from, table_versions.first_seen_at)) over (
                partition by
                    table_versions.table_key,
                    table_versions.created_at,
                    counted_versions.index_name,
                    counted_versions.life
            ) as first_seen_at,
            greatest(counted_versions.valid_from, table_versions.valid_from) as valid_from,
            least(counted_versions.valid_to, table_versions.valid_to) as valid_to
        from counted_versions
        inner join
            table_versions
            on counted_versions.account_id = table_versions.account_id
            and counted_versions.region = table_versions.region
            and counted_versions.table_name = table_versions.table_name
            and counted_versions.valid_from < coalesce(table_versions.valid_to, timestamp '9999-01-01')
            and table_versions.valid_from < coalesce(counted_versions.valid_to, timestamp '9999-01-01')
    ),

    -- AWS does not tell when an index was created. A table and its indexes are read within minutes, so
    -- that an index seen an hour after its table is younger than it.
    dated_versions as (
        select *, first_seen_at > table_first_seen_at + interval '1' hour as is_younger_than_table
        from index_versions
    )

select
    table_key,
    account_id,
    region,
    table_name,
    index_name,
    resource_name,
    billing_mode,
    table_class,
    read_units,
    write_units,
    on_demand_max_read_units,
    on_demand_max_write_units,
    case when is_younger_than_table then first_seen_at else table_created_at end as created_at,
    pay_per_request_since_at,
    table_class_updated_at,
    is_deletion_protected,
    is_pitr_enabled,
    replica_regions,
    tags,
    read_autoscaling_min,
    read_autoscaling_max,
    read_autoscaling_target_pct,
    write_autoscaling_min,
    write_autoscaling_max,
    write_autoscaling_target_pct,
    is_autoscaling_unknown,
    first_seen_at,
    case
        when valid_from = first_seen_at and not is_younger_than_table
        then least(valid_from, coalesce(table_created_at, timestamp '1970-01-01'))
        else valid_from
    end as valid_from,
    valid_to
from dated_versions
