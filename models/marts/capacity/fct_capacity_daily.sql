with
    days_measured as (select * from {{ ref("int_demand__days_measured") }}),

    days_simulated as (
        select
            resource_key,
            cast(hour_starts_at as date) as day,
            {% for dimension in ["read", "write"] %}
                sum({{ dimension }}_simulated_units * known_minutes)
                / sum(known_minutes) as {{ dimension }}_simulated_units {{ "," if not loop.last }}
            {% endfor %}
        from {{ ref("fct_capacity_hourly") }}
        where read_simulated_units is not null
        group by resource_key, cast(hour_starts_at as date)
    ),

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
    days_simulated.read_simulated_units,
    days_measured.read_throttle_events,
    days_measured.write_units,
    days_measured.write_mean_units_per_second,
    days_measured.write_p50_units_per_second,
    days_measured.write_p90_units_per_second,
    days_measured.write_p95_units_per_second,
    days_measured.write_p99_units_per_second,
    days_measured.write_max_units_per_second,
    days_measured.write_provisioned_units,
    days_simulated.write_simulated_units,
    days_measured.write_throttle_events
from days_measured
left join
    days_simulated
    on days_measured.resource_key = days_simulated.resource_key
    and days_measured.day = days_simulated.day
inner join resources on days_measured.resource_key = resources.resource_key
left join accounts on resources.account_id = accounts.account_id
