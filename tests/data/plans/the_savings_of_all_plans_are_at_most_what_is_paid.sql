-- Nobody can save more than they pay: not with one table, of which replicas count by their sum,
-- nor with all.
select 'all' as subject
from {{ ref("best_plans") }}
having sum(monthly_savings_usd) > sum(current_monthly_cost_usd)
union all
select decision_key
from {{ ref("best_plans") }}
group by decision_key
having sum(monthly_savings_usd) > sum(current_monthly_cost_usd) or sum(monthly_savings_usd) < 0
