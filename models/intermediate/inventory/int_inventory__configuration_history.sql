with
    versions as (select * from {{ ref("int_inventory__versions_dated") }}),

    compared_versions as (
        select
            *,
            lag(billing_mode) over resource_life is not distinct from billing_mode
            and lag(table_class) over resource_life is not distinct from table_class
            and lag(read_units) over resource_life is not distinct from read_units
            and lag(write_units) over resource_life is not distinct from write_units
            and lag(valid_to) over resource_life = valid_from as is_unchanged
        from versions
        window resource_life as (partition by resource_key order by valid_from)
    ),

    -- Versions that differ in something else, such as a tag, are one interval.
    counted_versions as (
        select
            *,
            sum(case when is_unchanged then 0 else 1 end) over (
                partition by resource_key order by valid_from
            ) as interval_number
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
