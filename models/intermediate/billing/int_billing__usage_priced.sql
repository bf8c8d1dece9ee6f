with
    tables as (select * from {{ ref("int_inventory__resources") }} where not is_index),

    accounts as (select * from {{ ref("int_inventory__accounts") }}),

    billed_usage as (select * from {{ ref("int_billing__usage_billed") }}),

    modelled_usage as (select * from {{ ref("int_billing__usage_modelled") }}),

    price_keys as (select * from {{ ref("price_attributes") }} where term_type = 'OnDemand'),

    prices as (select * from {{ ref("int_prices__accounts_in_force") }}),

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
            tables.account_id,
            tables.table_name,
            tables.region,
            tables.table_class as table_class_in_force,
            case
                when usage_of_tables.component = 'storage'
                then coalesce(pools.storage_free_share, 0.0)
                when usage_of_tables.billing_mode <> 'PROVISIONED'
                then 0.0
                else {{ of_pool("usage_of_tables.component", "free_share") }}
            end as free_share,
            case
                when usage_of_tables.component = 'storage'
                then coalesce(pools.storage_free_gb, 0)
                when usage_of_tables.billing_mode <> 'PROVISIONED'
                then 0
                else {{ of_pool("usage_of_tables.component", "free_unit_hours") }}
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
            {% for price in price_prefixes() %} prices.{{ price }}price_usd, {% endfor %}
            prices.price_source,
            prices.price_effective_on,
            case
                when price_keys.table_class = usage_with_free_tier.table_class_in_force
                then usage_with_free_tier.monthly_amount - usage_with_free_tier.monthly_sunk_amount
                else usage_with_free_tier.monthly_amount
            end as amount_to_pay,
            case
                when price_keys.table_class = usage_with_free_tier.table_class_in_force
                then usage_with_free_tier.monthly_sunk_amount
                else {{ quantity("0") }}
            end as sunk_amount
        from usage_with_free_tier
        inner join
            price_keys
            on usage_with_free_tier.component = price_keys.component
            and coalesce(usage_with_free_tier.billing_mode, 'none')
            = coalesce(price_keys.billing_mode, 'none')
        left join
            prices
            on usage_with_free_tier.account_id = prices.account_id
            and usage_with_free_tier.region = prices.region
            and price_keys.price_key = prices.price_key
    ),

    free_of_class as (
        select
            * exclude (free_share, free_amount),
            case when table_class = 'STANDARD' then free_share else 0.0 end as free_share,
            case when table_class = 'STANDARD' then free_amount else 0 end as free_amount
        from priced_usage
    ),

    costs as (
        select
            *,
            {{ billed_unit_hours("amount_to_pay", "free_share", "free_amount") }} as paid_amount,
            {% for price in price_prefixes() %}
                case
                    when monthly_amount = 0
                    then {{ usd("0") }}
                    else
                        {{
                            usd(
                                billed_unit_hours("amount_to_pay", "free_share", "free_amount")
                                ~ " * "
                                ~ price
                                ~ "price_usd"
                            )
                        }}
                end as {{ price }}cost_usd {{ "," if not loop.last }}
            {% endfor %}
        from free_of_class
    )

select
    {{ surrogate_key(["table_key", "component", "billing_mode", "table_class"]) }} as table_usage_class_key,
    table_key,
    account_id,
    region,
    table_name,
    source_of_usage,
    component,
    billing_mode,
    table_class,
    monthly_amount,
    sunk_amount,
    free_share,
    paid_amount,
    price_key,
    {% for price in price_prefixes() %} {{ price }}price_usd, {{ price }}cost_usd, {% endfor %}
    price_source,
    price_effective_on
from costs
