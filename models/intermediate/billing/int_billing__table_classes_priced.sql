with
    tables as (select * from {{ ref("int_inventory__resources") }} where not is_index),

    accounts as (select * from {{ ref("int_inventory__accounts") }}),

    billed_usage as (select * from {{ ref("int_billing__usage_billed") }}),

    modelled_usage as (select * from {{ ref("int_billing__usage_modelled") }}),

    price_keys as (select * from {{ ref("price_attributes") }} where term_type = 'OnDemand'),

    prices as (select * from {{ ref("int_prices__in_force") }}),

    pools as (select * from {{ ref("int_costs__free_tier_pools") }}),

    billed_tables as (select distinct table_key from billed_usage),

    usage_of_tables as (
        select
            table_key,
            component,
            billing_mode,
            monthly_amount,
            monthly_sunk_amount,
            'billing export' as source_of_usage
        from billed_usage
        union all
        select
            modelled_usage.table_key,
            modelled_usage.component,
            modelled_usage.billing_mode,
            modelled_usage.monthly_amount,
            {{ quantity("0") }} as monthly_sunk_amount,
            'modelled' as source_of_usage
        from modelled_usage
        left join billed_tables on modelled_usage.table_key = billed_tables.table_key
        where billed_tables.table_key is null
    ),

    -- Only Standard has free units: provisioned unit-hours and stored GB, never requests.
    usage_with_free_tier as (
        select
            usage_of_tables.*,
            tables.region,
            tables.table_class as table_class_in_force,
            case
                when usage_of_tables.component = 'storage'
                then coalesce(pools.storage_free_share, 0.0)
                when usage_of_tables.billing_mode <> 'PROVISIONED'
                then 0.0
                when usage_of_tables.component = 'read'
                then coalesce(pools.read_free_share, 0.0)
                when usage_of_tables.component = 'write'
                then coalesce(pools.write_free_share, 0.0)
                else coalesce(pools.replicated_write_free_share, 0.0)
            end as free_share,
            case
                when usage_of_tables.component = 'storage'
                then coalesce(pools.storage_free_gb, 0)
                when usage_of_tables.billing_mode <> 'PROVISIONED'
                then 0
                when usage_of_tables.component = 'read'
                then coalesce(pools.read_free_unit_hours, 0)
                when usage_of_tables.component = 'write'
                then coalesce(pools.write_free_unit_hours, 0)
                else coalesce(pools.replicated_write_free_unit_hours, 0)
            end as free_amount
        from usage_of_tables
        inner join tables on usage_of_tables.table_key = tables.table_key
        left join accounts on tables.account_id = accounts.account_id
        left join pools on accounts.payer_account_id = pools.payer_account_id and tables.region = pools.region
    ),

    -- Each amount at the price of each class. What a commitment covers is paid for already where it is, and
    -- is not covered in the other class.
    priced_usage as (
        select
            usage_with_free_tier.*,
            price_keys.table_class,
            price_keys.price_key,
            prices.price_usd,
            prices.price_source,
            prices.price_effective_on,
            case
                when price_keys.table_class = usage_with_free_tier.table_class_in_force
                then usage_with_free_tier.monthly_amount - usage_with_free_tier.monthly_sunk_amount
                else usage_with_free_tier.monthly_amount
            end as paid_amount
        from usage_with_free_tier
        inner join
            price_keys
            on usage_with_free_tier.component = price_keys.component
            and coalesce(usage_with_free_tier.billing_mode, 'none')
            = coalesce(price_keys.billing_mode, 'none')
        left join
            prices on usage_with_free_tier.region = prices.region and price_keys.price_key = prices.price_key
    ),

    costs as (
        select
            *,
            case
                when monthly_amount = 0
                then {{ usd("0") }}
                when table_class = 'STANDARD'
                then {{ usd(billed_unit_hours("paid_amount", "free_share", "free_amount") ~ " * price_usd") }}
                else {{ usd("paid_amount * price_usd") }}
            end as cost_usd
        from priced_usage
    ),

    -- A part that is not used costs nothing; one with an unknown amount or price has no cost.
    class_costs as (
        select
            table_key,
            table_class,
            {% for part, condition in [
                ("storage", "component = 'storage'"),
                ("throughput", "component <> 'storage'"),
            ] %}
                case
                    when count(case when {{ condition }} and cost_usd is null then 1 end) = 0
                    then {{ usd("coalesce(sum(case when " ~ condition ~ " then cost_usd end), 0)") }}
                end as {{ part }}_cost_usd
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from costs
        group by table_key, table_class
    ),

    standard_costs as (select * from class_costs where table_class = 'STANDARD'),

    ia_costs as (select * from class_costs where table_class = 'STANDARD_INFREQUENT_ACCESS'),

    bases as (
        select
            table_key,
            max(source_of_usage) as source_of_usage,
            max(case when component = 'storage' then monthly_amount end) as storage_gb,
            {{
                dbt.listagg(
                    "case when monthly_amount > 0 and price_usd is null then price_key end",
                    "', '",
                    "order by price_key",
                )
            }} as missing_prices,
            max(case when monthly_amount > 0 then price_source end) as price_source,
            max(case when monthly_amount > 0 then price_effective_on end) as price_effective_on
        from costs
        group by table_key
    )

select
    bases.table_key,
    bases.source_of_usage,
    bases.storage_gb,
    standard_costs.storage_cost_usd as standard_storage_cost_usd,
    standard_costs.throughput_cost_usd as standard_throughput_cost_usd,
    ia_costs.storage_cost_usd as ia_storage_cost_usd,
    ia_costs.throughput_cost_usd as ia_throughput_cost_usd,
    bases.missing_prices,
    -- 'seed' sorts after 'price list': one fallback price among them is enough to say so.
    bases.price_source,
    bases.price_effective_on
from bases
inner join standard_costs on bases.table_key = standard_costs.table_key
inner join ia_costs on bases.table_key = ia_costs.table_key
