with
    costs as (select * from {{ ref("int_billing__usage_priced") }}),

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
                end as {{ part }}_cost_usd,
            {% endfor %}
            {{ usd(complete_sum("list_cost_usd")) }} as list_cost_usd
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
    standard_costs.list_cost_usd as list_standard_cost_usd,
    ia_costs.list_cost_usd as list_ia_cost_usd,
    bases.missing_prices,
    -- 'seed' sorts after 'price list': one fallback price among them is enough to say so.
    bases.price_source,
    bases.price_effective_on
from bases
inner join standard_costs on bases.table_key = standard_costs.table_key
inner join ia_costs on bases.table_key = ia_costs.table_key
