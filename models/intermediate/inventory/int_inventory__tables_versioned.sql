with
    stored_versions as (select * from {{ ref("stg_dynamodb__tables") }}),

    inventory_reads as (select * from {{ ref("stg_ops__inventory_reads") }} where outcome = 'read'),

    last_reads_with_tables as (
        select account_id, region, max(read_at) as read_at
        from inventory_reads
        where tables_seen > 0
        group by account_id, region
    ),

    -- A load without a single table retires nothing in the stored history: there is no row to say so. The
    -- reads do.
    emptied_at as (
        select inventory_reads.account_id, inventory_reads.region, min(inventory_reads.read_at) as emptied_at
        from inventory_reads
        left join
            last_reads_with_tables
            on inventory_reads.account_id = last_reads_with_tables.account_id
            and inventory_reads.region = last_reads_with_tables.region
        where
            inventory_reads.tables_seen = 0
            and (
                last_reads_with_tables.read_at is null
                or inventory_reads.read_at > last_reads_with_tables.read_at
            )
        group by inventory_reads.account_id, inventory_reads.region
    ),

    filled_versions as (
        {{ autoscaling_filled("stored_versions", ["account_id", "region", "table_name", "created_at"]) }}
    ),

    -- A table that is created anew under its old name has another creation date, and nothing of its past.
    versions_in_order as (
        select
            filled_versions.*,
            emptied_at.emptied_at,
            lead(created_at) over (
                partition by filled_versions.account_id, filled_versions.region, table_name
                order by valid_from
            ) as next_created_at,
            min(valid_from) over (
                partition by filled_versions.account_id, filled_versions.region, table_name, created_at
            ) as first_seen_at
        from filled_versions
        left join
            emptied_at
            on filled_versions.account_id = emptied_at.account_id
            and filled_versions.region = emptied_at.region
            and emptied_at.emptied_at > filled_versions.valid_from
    )

select
    {{ surrogate_key(["account_id", "region", "table_name"]) }} as table_key,
    account_id,
    region,
    table_name,
    billing_mode,
    table_class,
    read_units,
    write_units,
    on_demand_max_read_units,
    on_demand_max_write_units,
    created_at,
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
    -- What was before the first reading is not known; its configuration is the best guess.
    case
        when valid_from = first_seen_at
        then least(valid_from, coalesce(created_at, timestamp '1970-01-01'))
        else valid_from
    end as valid_from,
    case
        when next_created_at > created_at
        then least(coalesce(valid_to, next_created_at), next_created_at)
        else coalesce(valid_to, emptied_at)
    end as valid_to
from versions_in_order
