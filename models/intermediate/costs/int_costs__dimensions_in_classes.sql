with
    dimensions as (select * from {{ ref("int_costs__dimensions_measured") }}),

    prices as (select * from {{ ref("int_prices__throughput_in_force") }}),

    accounts as (select account_id, payer_account_id from {{ ref("dim_accounts") }}),

    pools as (select * from {{ ref("int_costs__free_tier_pools") }}),

    commitments as (select * from {{ ref("int_billing__usage_billed") }}),

    classes as (
        select 'STANDARD' as table_class
        union all
        select 'STANDARD_INFREQUENT_ACCESS' as table_class
    ),

    -- The bill tells of a table with its indexes; each has its share of what commitments cover by what it
    -- uses.
    today as (
        select
            *,
            table_class as table_class_in_force,
            case
                when billing_mode = 'PROVISIONED' then monthly_unit_hours else monthly_requests
            end as amount,
            case when is_replicated_write then 'replicated_write' else dimension end as component
        from dimensions
    ),

    shared as (
        select
            *,
            cast(amount as double) / nullif(
                sum(cast(amount as double)) over (partition by table_key, component), 0
            ) as share_of_table
        from today
    ),

    priced as (
        select
            shared.* exclude (table_class),
            classes.table_class,
            classes.table_class = shared.table_class_in_force as is_in_force,
            prices.price_source,
            prices.price_effective_on,
            {% for price in price_prefixes() %}
                {% for mode, name in [
                    ("on_demand", "request_price_usd"),
                    ("provisioned", "unit_hour_price_usd"),
                ] %}
                    case
                        shared.component
                        when 'replicated_write'
                        then prices.{{ price }}{{ mode }}_replicated_write_usd
                        when 'write'
                        then prices.{{ price }}{{ mode }}_write_usd
                        else prices.{{ price }}{{ mode }}_read_usd
                    end as {{ price }}{{ name }},
                {% endfor %}
            {% endfor %}
            -- Standard-IA has no free units.
            case
                when classes.table_class = 'STANDARD'
                then {{ of_pool("shared.component", "free_share") }}
                else 0.0
            end as free_share,
            {{
                quantity(
                    "case when classes.table_class= 'STANDARD' then "
                    ~ of_pool("shared.component", "free_unit_hours")
                    ~ " else 0 end"
                )
            }} as free_unit_hours,
            commitments.monthly_sunk_reserved_amount,
            commitments.monthly_sunk_plan_amount
        from shared
        cross join classes
        left join
            prices
            on shared.account_id = prices.account_id
            and shared.region = prices.region
            and classes.table_class = prices.table_class
        left join accounts on shared.account_id = accounts.account_id
        left join
            pools
            on shared.region = pools.region
            and coalesce(accounts.payer_account_id, shared.account_id) = pools.payer_account_id
        left join
            commitments
            on shared.table_key = commitments.table_key
            and shared.component = commitments.component
            and shared.billing_mode = commitments.billing_mode
            and classes.table_class = shared.table_class_in_force
    ),

    -- Reserved capacity serves provisioned units of Standard; a savings plan whatever is used, in the
    -- class that it is known to cover, so that it is counted in dollars.
    committed as (
        select
            *,
            {{ quantity("coalesce(cast(monthly_sunk_reserved_amount as double) * share_of_table, 0)") }}
            as sunk_unit_hours,
            {% for price in price_prefixes() %}
                {{
                    usd(
                        quantity("coalesce(cast(monthly_sunk_plan_amount as double) * share_of_table, 0)")
                        ~ " * coalesce(case when billing_mode = 'PROVISIONED' then "
                        ~ price
                        ~ "unit_hour_price_usd else "
                        ~ price
                        ~ "request_price_usd end, 0)"
                    )
                }} as {{ price }}sunk_plan_usd {{ "," if not loop.last }}
            {% endfor %}
        from priced
    )

select
    {{ surrogate_key(["resource_dimension_key", "table_class"]) }} as resource_dimension_class_key,
    resource_dimension_key,
    resource_key,
    dimension,
    component,
    table_key,
    decision_key,
    account_id,
    region,
    table_name,
    index_name,
    billing_mode,
    table_class,
    is_in_force,
    monthly_requests,
    monthly_unit_hours,
    {% for price in price_prefixes() %}
        {{ price }}request_price_usd, {{ price }}unit_hour_price_usd, {{ price }}sunk_plan_usd,
    {% endfor %}
    price_source,
    price_effective_on,
    free_share,
    free_unit_hours,
    sunk_unit_hours,
    {% for price in ["", "list_"] %}
        {{ on_demand_cost("monthly_requests", price) }} as {{ price }}on_demand_cost_usd,
        case
            when billing_mode = 'PROVISIONED'
            then {{ provisioned_cost("monthly_unit_hours", price) }}
            else {{ on_demand_cost("monthly_requests", price) }}
        end as {{ price }}as_is_cost_usd {{ "," if not loop.last }}
    {% endfor %}
from committed
