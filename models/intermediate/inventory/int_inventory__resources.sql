with
    versions as (select * from {{ ref("int_inventory__versions_dated") }}),

    sizes as (select * from {{ ref("stg_dynamodb__sizes") }}),

    versions_in_force as (
        select *
        from versions
        where valid_from <= {{ as_of() }} and coalesce(valid_to, timestamp '9999-01-01') > {{ as_of() }}
    ),

    -- The newest before the build's moment; where all are younger, the oldest is the best guess.
    ranked_sizes as (
        select
            *,
            row_number() over (
                partition by account_id, region, resource_name
                order by
                    case when observed_on <= cast({{ as_of() }} as date) then 0 else 1 end,
                    abs({{ dbt.datediff("observed_on", as_of(), "day") }})
            ) as distance_rank
        from sizes
    ),

    current_sizes as (select * from ranked_sizes where distance_rank = 1),

    resources as (
        select
            versions_in_force.*,
            {{ json_text_array("replica_regions") }} as regions_of_replicas,
            coalesce(replica_regions like '%,%', false) as is_replicated,
            -- AWS states these even for a table that was created so; only a later instant is a change.
            case
                when
                    pay_per_request_since_at > created_at + interval '1' hour
                    and pay_per_request_since_at <= {{ as_of() }}
                then pay_per_request_since_at
            end as on_demand_chosen_at,
            case
                when
                    table_class_updated_at > created_at + interval '1' hour
                    and table_class_updated_at <= {{ as_of() }}
                then table_class_updated_at
            end as table_class_chosen_at,
            current_sizes.size_bytes,
            current_sizes.item_count,
            current_sizes.observed_on as sizes_observed_on
        from versions_in_force
        left join
            current_sizes
            on versions_in_force.account_id = current_sizes.account_id
            and versions_in_force.region = current_sizes.region
            and versions_in_force.resource_name = current_sizes.resource_name
    )

select
    resource_key,
    table_key,
    case
        when is_replicated
        then {{ surrogate_key(["account_id", "table_name", "replica_regions"]) }}
        else table_key
    end as decision_key,
    account_id,
    region,
    table_name,
    index_name,
    resource_name,
    index_name is not null as is_index,
    billing_mode,
    table_class,
    read_units,
    write_units,
    read_autoscaling_min,
    read_autoscaling_max,
    cast(read_autoscaling_target_pct as double) / 100 as read_target,
    is_read_autoscaled,
    write_autoscaling_min,
    write_autoscaling_max,
    cast(write_autoscaling_target_pct as double) / 100 as write_target,
    is_write_autoscaled,
    billing_mode = 'PROVISIONED' and is_autoscaling_unknown as is_autoscaling_unknown,
    is_replicated,
    regions_of_replicas as replica_regions,
    on_demand_max_read_units,
    on_demand_max_write_units,
    created_at,
    -- A provisioned table was on-demand until some time after that choice, and history may say when it
    -- changed.
    case
        when billing_mode = 'PAY_PER_REQUEST'
        then coalesce(on_demand_chosen_at, billing_mode_seen_changed_at)
        else greatest(on_demand_chosen_at, billing_mode_seen_changed_at)
    end as billing_mode_changed_at,
    coalesce(table_class_chosen_at, table_class_seen_changed_at) as table_class_changed_at,
    read_setting_changed_at,
    write_setting_changed_at,
    size_bytes,
    item_count,
    sizes_observed_on,
    is_pitr_enabled as pitr_enabled,
    is_deletion_protected as deletion_protection,
    tags
from resources
