-- Who adds up the lines that explain a plan must get the plan's cost, to the last decimal.
with
    summed as (
        select
            plan_alternative_key,
            sum(case when component = 'storage' then cost_usd end) as storage_cost_usd,
            case
                when
                    count(case when component <> 'storage' then 1 end)
                    = count(case when component <> 'storage' then cost_usd end)
                then sum(case when component <> 'storage' then cost_usd end)
            end as throughput_cost_usd,
            sum(list_cost_usd) as list_cost_usd
        from {{ ref("plan_cost_lines") }}
        group by plan_alternative_key
    )

select alternatives.plan_alternative_key
from {{ ref("plan_alternatives") }} as alternatives
left join summed on alternatives.plan_alternative_key = summed.plan_alternative_key
where
    alternatives.storage_cost_usd is distinct from summed.storage_cost_usd
    or alternatives.throughput_cost_usd is distinct from summed.throughput_cost_usd
    or (
        alternatives.monthly_cost_usd is not null
        and alternatives.monthly_cost_usd
        <> alternatives.throughput_cost_usd + coalesce(alternatives.storage_cost_usd, 0)
    )
    or alternatives.list_monthly_cost_usd <> summed.list_cost_usd
