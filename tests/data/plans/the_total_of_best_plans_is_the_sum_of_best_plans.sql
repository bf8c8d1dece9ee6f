-- The one grand total is the sum of the plans, and no other kind is labelled as if it could be
-- added to it.
with
    summed as (
        select sum(monthly_savings_usd) as savings_usd, sum(current_monthly_cost_usd) as cost_usd
        from {{ ref("savings_summary") }}
        where kind = 'best_plan'
    ),

    listed as (
        select sum(monthly_savings_usd) as savings_usd, coalesce(sum(current_monthly_cost_usd), 0) as cost_usd
        from {{ ref("best_plans") }}
    )

select 'total' as subject
from summed
cross join listed
where summed.savings_usd <> listed.savings_usd or summed.cost_usd <> listed.cost_usd
union all
select kind
from {{ ref("savings_summary") }}
where (kind = 'best_plan') is distinct from (total_label = 'sum of best plans')
