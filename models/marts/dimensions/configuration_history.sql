with
    versions as (select * from {{ ref("int_inventory__versions_dated") }} where valid_from <= {{ as_of() }}),

    -- The units of an autoscaled dimension are its policy's doing and change by the minute: nobody set
    -- them.
    settings as (
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
            {% for dimension in ["read", "write"] %}
                case
                    when not is_{{ dimension }}_autoscaled then {{ dimension }}_units
                end as {{ dimension }}_units,
                case
                    when is_{{ dimension }}_autoscaled then {{ dimension }}_autoscaling_min
                end as {{ dimension }}_autoscaling_min,
                case
                    when is_{{ dimension }}_autoscaled then {{ dimension }}_autoscaling_max
                end as {{ dimension }}_autoscaling_max,
                case
                    when is_{{ dimension }}_autoscaled
                    then cast({{ dimension }}_autoscaling_target_pct as double) / 100
                end as {{ dimension }}_target,
                on_demand_max_{{ dimension }}_units,
            {% endfor %}
            billing_mode = 'PROVISIONED' and is_autoscaling_unknown as is_autoscaling_unknown,
            valid_from,
            case when valid_to <= {{ as_of() }} then valid_to end as valid_to
        from versions
    ),

    keyed_settings as (
        select
            *,
            {{
                surrogate_key(
                    [
                        "billing_mode",
                        "table_class",
                        "read_units",
                        "write_units",
                        "read_autoscaling_min",
                        "read_autoscaling_max",
                        "read_target",
                        "write_autoscaling_min",
                        "write_autoscaling_max",
                        "write_target",
                        "on_demand_max_read_units",
                        "on_demand_max_write_units",
                        "is_autoscaling_unknown",
                    ]
                )
            }} as settings_key
        from settings
    ),

    settings_with_previous as (
        select
            *,
            lag(settings_key) over resource_life as previous_settings_key,
            lag(valid_to) over resource_life as previous_valid_to
        from keyed_settings
        window resource_life as (partition by resource_key order by valid_from)
    ),

    -- Versions that differ in something else, such as a tag, are one span; a gap, in which the table or index
    -- did not exist, ends one.
    numbered_settings as (
        select
            *,
            sum(
                case
                    when previous_settings_key = settings_key and previous_valid_to = valid_from then 0 else 1
                end
            ) over (partition by resource_key order by valid_from) as span_number
        from settings_with_previous
    )

select
    {{ surrogate_key(["resource_key", "min(valid_from)"]) }} as configuration_key,
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
    read_autoscaling_min,
    read_autoscaling_max,
    read_target,
    write_units,
    write_autoscaling_min,
    write_autoscaling_max,
    write_target,
    on_demand_max_read_units,
    on_demand_max_write_units,
    is_autoscaling_unknown,
    min(valid_from) as valid_from,
    case when count(valid_to) = count(*) then max(valid_to) end as valid_to
from numbered_settings
group by
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
    read_autoscaling_min,
    read_autoscaling_max,
    read_target,
    write_units,
    write_autoscaling_min,
    write_autoscaling_max,
    write_target,
    on_demand_max_read_units,
    on_demand_max_write_units,
    is_autoscaling_unknown,
    span_number
