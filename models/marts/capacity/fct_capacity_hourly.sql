with
    hours_measured as (select * from {{ ref("int_demand__hours_measured") }}),

    simulated as (select * from {{ ref("int_capacity__hours_simulated") }}),

    resources as (select * from {{ ref("int_inventory__resources") }}),

    accounts as (select * from {{ ref("int_inventory__accounts") }})

select
    hours_measured.resource_hour_key,
    hours_measured.resource_key,
    resources.account_id,
    accounts.account_name,
    resources.region,
    resources.table_name,
    resources.index_name,
    hours_measured.hour_starts_at,
    hours_measured.known_minutes,
    hours_measured.read_units,
    hours_measured.read_mean_units_per_second,
    hours_measured.read_max_units_per_second,
    hours_measured.read_provisioned_units,
    simulated.read_simulated_units,
    hours_measured.write_units,
    hours_measured.write_mean_units_per_second,
    hours_measured.write_max_units_per_second,
    hours_measured.write_provisioned_units,
    simulated.write_simulated_units
from hours_measured
left join simulated on hours_measured.resource_hour_key = simulated.resource_hour_key
inner join resources on hours_measured.resource_key = resources.resource_key
left join accounts on resources.account_id = accounts.account_id
