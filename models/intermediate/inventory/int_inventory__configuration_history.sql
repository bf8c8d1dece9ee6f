with
    versions as (select * from {{ ref("int_inventory__versions_dated") }}),

    versions_with_previous as (
        select
            *,
            lag(billing_mode) over resource_life as previous_billing_mode,
            lag(table_class) over resource_life as previous_table_class,
            lag(read_units) over resource_life as previous_read_units,
            lag(write_units) over resource_life as previous_write_units,
            lag(valid_to) over resource_life as previous_valid_to
        from versions
        window resource_life as (partition by resource_key order by valid_from)
    ),

    compared_versions as (
        select
            *,
            case
                when
                    previous_valid_to = valid_from
                    and previous_billing_mode = billing_mode
                    and previous_table_class = table_class
                    and coalesce(previous_read_units, -1) = coalesce(read_units, -1)
                    and coalesce(previous_write_units, -1) = coalesce(write_units, -1)
                then 0
                else 1
            end as begins_an_interval
        from versions_with_previous
    ),

    -- Versions that differ in something else, such as a tag, are one interval.
    counted_versions as (
        select
            *, sum(begins_an_interval) over (partition by resource_key order by valid_from) as interval_number
        from compared_versions
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
    min(valid_from) as valid_from,
    case when count(valid_to) = count(*) then max(valid_to) end as valid_to
from counted_versions
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
    write_units,
    interval_number
