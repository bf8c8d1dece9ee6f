with
    dimensions as (select * from {{ ref("int_costs__dimensions_measured") }}),

    prices as (select * from {{ ref("int_prices__throughput_in_force") }}),

    accounts as (select account_id, payer_account_id from {{ ref("dim_accounts") }}),

    pools as (select * from {{ ref("int_costs__free_tier_pools") }}),

    priced as (
        select
            dimensions.*,
            prices.price_source,
            prices.price_effective_on,
            case
                when dimensions.is_replicated_write
                then prices.on_demand_replicated_write_usd
                when dimensions.dimension = 'write'
                then prices.on_demand_write_usd
                else prices.on_demand_read_usd
            end as request_price_usd,
            case
                when dimensions.is_replicated_write
                then prices.provisioned_replicated_write_usd
                when dimensions.dimension = 'write'
                then prices.provisioned_write_usd
                else prices.provisioned_read_usd
            end as unit_hour_price_usd,
            -- Standard-IA has no free units.
            case
                when dimensions.table_class <> 'STANDARD'
                then 0.0
                when dimensions.is_replicated_write
                then coalesce(pools.replicated_write_free_share, 0.0)
                when dimensions.dimension = 'write'
                then coalesce(pools.write_free_share, 0.0)
                else coalesce(pools.read_free_share, 0.0)
            end as free_share,
            case
                when dimensions.table_class <> 'STANDARD'
                then {{ quantity("0") }}
                when dimensions.is_replicated_write
                then coalesce(pools.replicated_write_free_unit_hours, {{ quantity("0") }})
                when dimensions.dimension = 'write'
                then coalesce(pools.write_free_unit_hours, {{ quantity("0") }})
                else coalesce(pools.read_free_unit_hours, {{ quantity("0") }})
            end as free_unit_hours
        from dimensions
        left join
            prices
            on dimensions.account_id = prices.account_id
            and dimensions.region = prices.region
            and dimensions.table_class = prices.table_class
        left join accounts on dimensions.account_id = accounts.account_id
        left join
            pools
            on dimensions.region = pools.region
            and coalesce(accounts.payer_account_id, dimensions.account_id) = pools.payer_account_id
    )

select
    resource_dimension_key,
    resource_key,
    dimension,
    table_key,
    decision_key,
    account_id,
    region,
    table_name,
    index_name,
    is_index,
    billing_mode,
    table_class,
    is_replicated_write,
    units,
    is_autoscaled,
    autoscaling_min,
    autoscaling_max,
    autoscaling_target,
    on_demand_max_units,
    known_minutes,
    consumed_units,
    throttle_events,
    monthly_requests,
    monthly_unit_hours,
    mean_units_per_second,
    max_units_per_second,
    stored_peak_units_per_second,
    long_memory_peak_units_per_second,
    long_memory_peak_at,
    peak_to_mean,
    mean_utilization,
    p50_utilization,
    p90_utilization,
    p95_utilization,
    p99_utilization,
    max_utilization,
    request_price_usd,
    unit_hour_price_usd,
    price_source,
    price_effective_on,
    free_share,
    free_unit_hours,
    {{ usd("monthly_requests * request_price_usd") }} as on_demand_cost_usd,
    case
        when billing_mode = 'PROVISIONED'
        then {{ provisioned_cost("monthly_unit_hours") }}
        else {{ usd("monthly_requests * request_price_usd") }}
    end as current_cost_usd
from priced
