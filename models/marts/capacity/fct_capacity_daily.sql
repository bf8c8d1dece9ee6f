with
    days_measured as (select * from {{ ref("int_demand__days_measured") }}),

    resources as (select * from {{ ref("int_inventory__resources") }}),

    accounts as (select * from {{ ref("int_inventory__accounts") }})

select
    days_measured.resource_day_key,
    days_measured.resource_key,
    resources.account_id,
    accounts.account_name,
    resources.region,
    resources.table_name,
    resources.index_name,
    days_measured.day,
    days_measured.known_minutes,
    days_measured.read_units,
    days_measured.read_mean_units_per_second,
    days_measured.read_p50_units_per_second,
    days_measured.read_p90_units_per_second,
    days_measured.read_p95_units_per_second,
    days_measured.read_p99_units_per_second,
    days_measured.read_max_units_per_second,
    days_measured.read_provisioned_units,
    days_measured.read_throttle_events,
    days_measured.write_units,
    days_measured.write_mean_units_per_second,
    days_measured.write_p50_units_per_second,
    days_measured.write_p90_units_per_second,
    days_measured.write_p95_units_per_second,
    days_measured.write_p99_units_per_second,
    days_measured.write_max_units_per_second,
    days_measured.write_provisioned_units,
    days_measured.write_throttle_events
from days_measured
inner join resources on days_measured.resource_key = resources.resource_key
left join accounts on resources.account_id = accounts.account_id
