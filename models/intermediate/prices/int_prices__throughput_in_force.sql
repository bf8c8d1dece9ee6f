{% set columns = [
    ("on_demand_read_usd", "ondemand.read"),
    ("on_demand_write_usd", "ondemand.write"),
    ("on_demand_replicated_write_usd", "ondemand.replicated_write"),
    ("provisioned_read_usd", "provisioned.read"),
    ("provisioned_write_usd", "provisioned.write"),
    ("provisioned_replicated_write_usd", "provisioned.replicated_write"),
    ("storage_usd", "storage"),
] %}

with prices as (select * from {{ ref("int_prices__accounts_in_force") }})

select
    {{ surrogate_key(["account_id", "region", "table_class"]) }} as account_class_key,
    account_id,
    region,
    table_class,
    {% for column, key in columns %}
        {% for price in price_prefixes() %}
            max(
                case when price_key like '{{ key }}.%' then {{ price }}price_usd end
            ) as {{ price }}{{ column }},
        {% endfor %}
    {% endfor %}
    case
        when count(price_usd) = 0 then null when max(price_source) = 'seed' then 'seed' else 'price list'
    end as price_source,
    max(price_effective_on) as price_effective_on,
    {{ dbt.listagg("case when price_usd is null then price_key end", "', '", "order by price_key") }}
    as missing_prices
from prices
group by account_id, region, table_class
