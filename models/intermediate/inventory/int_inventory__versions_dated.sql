with
    table_versions as (select * from {{ ref("int_inventory__tables_versioned") }}),

    index_versions as (select * from {{ ref("int_inventory__indexes_versioned") }}),

    versions as (
        select
            {{ surrogate_key(["account_id", "region", "table_name"]) }} as resource_key,
            table_key,
            account_id,
            region,
            table_name,
            cast(null as {{ dbt.type_string() }}) as index_name,
            table_name as resource_name,
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
            valid_from,
            valid_to
        from table_versions
        union all
        select
            {{ surrogate_key(["account_id", "region", "resource_name"]) }} as resource_key,
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
            valid_from,
            valid_to
        from index_versions
    ),

    scaled_versions as (
        select
            *,
            billing_mode = 'PROVISIONED'
            and read_autoscaling_max is not null
            and read_autoscaling_target_pct is not null as is_read_autoscaled,
            billing_mode = 'PROVISIONED'
            and write_autoscaling_max is not null
            and write_autoscaling_target_pct is not null as is_write_autoscaled
        from versions
    ),

    -- What a person chose for a dimension. The units of an autoscaled one are the policy's doing, so
    -- that they are no part of it.
    versions_with_settings as (
        select
            *,
            {% for dimension in ["read", "write"] %}
                case
                    when billing_mode = 'PAY_PER_REQUEST'
                    then 'on-demand'
                    when is_{{ dimension }}_autoscaled
                    then
                        concat(
                            {{ dimension }}_autoscaling_min,
                            '|',
                            {{ dimension }}_autoscaling_max,
                            '|',
                            {{ dimension }}_autoscaling_target_pct
                        )
                    else cast({{ dimension }}_units as {{ dbt.type_string() }})
                end as {{ dimension }}_setting
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from scaled_versions
    ),

    versions_with_previous as (
        select
            *,
            lag(billing_mode) over life as previous_billing_mode,
            lag(table_class) over life as previous_table_class,
            lag(read_setting) over life as previous_read_setting,
            lag(write_setting) over life as previous_write_setting
        from versions_with_settings
        window life as (partition by resource_key, created_at order by valid_from)
    )

select
    resource_key,
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
    is_read_autoscaled,
    is_write_autoscaled,
    is_autoscaling_unknown,
    max(case when billing_mode <> previous_billing_mode then valid_from end) over so_far
    as billing_mode_seen_changed_at,
    max(case when table_class <> previous_table_class then valid_from end) over so_far
    as table_class_seen_changed_at,
    max(case when read_setting <> previous_read_setting then valid_from end) over so_far
    as read_setting_changed_at,
    max(case when write_setting <> previous_write_setting then valid_from end) over so_far
    as write_setting_changed_at,
    valid_from,
    valid_to
from versions_with_previous
window so_far as (partition by resource_key, created_at order by valid_from rows unbounded preceding)
