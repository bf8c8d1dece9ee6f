with
    tables as (select * from {{ ref("int_inventory__resources") }} where not is_index),

    accounts as (select * from {{ ref("int_inventory__accounts") }}),

    costs as (select * from {{ ref("int_billing__table_classes_priced") }}),

    table_months as (select * from {{ ref("int_billing__tables_covered") }}),

    resources as (select resource_key, table_key from {{ ref("int_inventory__resources") }}),

    windows as (select * from {{ ref("int_demand__windows") }}),

    statistics as (select * from {{ ref("int_demand__statistics") }}),

    billed_windows as (
        select
            table_key,
            min(covered_from_at) as window_start,
            max(covered_until_at) as window_end,
            sum(covered_hours) as covered_hours
        from table_months
        group by table_key
    ),

    demand_windows as (
        select
            resources.table_key,
            max(windows.window_start) as window_start,
            max(windows.window_end) as window_end,
            min(windows.coverage_ratio) as coverage_ratio,
            min(windows.known_minutes) as known_minutes,
            sum(windows.read_throttle_events + windows.write_throttle_events) as throttle_events
        from resources
        inner join windows on resources.resource_key = windows.resource_key
        group by resources.table_key
    ),

    table_statistics as (
        select
            resources.table_key,
            max(statistics.p99_utilization) as p99_utilization,
            max(statistics.peak_to_mean) as peak_to_mean
        from resources
        inner join statistics on resources.resource_key = statistics.resource_key
        group by resources.table_key
    )

select
    tables.table_key,
    tables.account_id,
    accounts.account_name,
    accounts.ou_path,
    accounts.inactive_because,
    tables.region,
    tables.table_name,
    tables.billing_mode,
    tables.table_class,
    tables.created_at,
    tables.table_class_changed_at,
    costs.source_of_usage,
    costs.source_of_usage = 'billing export' as is_billed,
    costs.storage_gb,
    costs.standard_storage_cost_usd,
    costs.standard_throughput_cost_usd,
    costs.ia_storage_cost_usd,
    costs.ia_throughput_cost_usd,
    costs.list_standard_cost_usd,
    costs.list_ia_cost_usd,
    costs.missing_prices,
    costs.price_source,
    costs.price_effective_on,
    billed_windows.covered_hours,
    demand_windows.known_minutes,
    coalesce(demand_windows.throttle_events, 0) as throttle_events,
    table_statistics.p99_utilization,
    table_statistics.peak_to_mean,
    case
        when costs.source_of_usage = 'billing export'
        then billed_windows.window_start
        else demand_windows.window_start
    end as window_start,
    case
        when costs.source_of_usage = 'billing export'
        then billed_windows.window_end
        else demand_windows.window_end
    end as window_end,
    case
        when costs.source_of_usage = 'billing export'
        then
            billed_windows.covered_hours
            / {{ hours_between("billed_windows.window_start", "billed_windows.window_end") }}
        else demand_windows.coverage_ratio
    end as coverage_ratio
from tables
left join accounts on tables.account_id = accounts.account_id
left join costs on tables.table_key = costs.table_key
left join billed_windows on tables.table_key = billed_windows.table_key
left join demand_windows on tables.table_key = demand_windows.table_key
left join table_statistics on tables.table_key = table_statistics.table_key
