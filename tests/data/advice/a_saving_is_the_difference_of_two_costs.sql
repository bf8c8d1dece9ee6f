-- Whoever adds up a column must get what the others say.
select recommendation_id
from {{ ref("recommendations") }}
where
    projected_monthly_cost_usd < 0
    or monthly_savings_usd <> coalesce(current_monthly_cost_usd - projected_monthly_cost_usd, 0)
    or annual_savings_usd <> 12 * monthly_savings_usd
    or list_monthly_savings_usd is distinct from case
        when advice = 'change' then list_current_cost_usd - list_projected_cost_usd else 0
    end
