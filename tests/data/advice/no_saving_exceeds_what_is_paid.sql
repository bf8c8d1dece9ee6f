-- A saving above the current cost would mean that a candidate was given money. Replicas count by their
-- sum: one of them may lose.
select
    decision_key as subject, sum(current_monthly_cost_usd) as cost_usd, sum(monthly_savings_usd) as saving_usd
from {{ ref("capacity_mode_recommendations") }}
group by decision_key
having sum(monthly_savings_usd) > sum(current_monthly_cost_usd) or sum(monthly_savings_usd) < 0
union all
select resource_key, current_monthly_cost_usd, monthly_savings_usd
from {{ ref("utilization_recommendations") }}
where monthly_savings_usd > current_monthly_cost_usd or monthly_savings_usd < 0
