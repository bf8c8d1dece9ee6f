-- The list that people act on and the list that explains it are one decision.
select plans.recommendation_id
from {{ ref("best_plans") }} as plans
left join {{ ref("plan_alternatives") }} as chosen on plans.table_key = chosen.table_key and chosen.is_chosen
left join {{ ref("plan_alternatives") }} as today on plans.table_key = today.table_key and today.is_current
where
    plans.plan is distinct from chosen.plan
    or plans.recommended_table_class is distinct from chosen.table_class
    or plans.changes is distinct from chosen.changes
    or plans.recommended_setting is distinct from chosen.setting
    or plans.current_setting is distinct from today.setting
    or plans.current_table_class is distinct from today.table_class
    or plans.projected_monthly_cost_usd is distinct from chosen.monthly_cost_usd
    or plans.current_monthly_cost_usd is distinct from today.monthly_cost_usd
    or plans.current_storage_cost_usd is distinct from today.storage_cost_usd
    or plans.current_throughput_cost_usd is distinct from today.throughput_cost_usd
    or plans.projected_storage_cost_usd is distinct from chosen.storage_cost_usd
    or plans.projected_throughput_cost_usd is distinct from chosen.throughput_cost_usd
    or plans.list_projected_cost_usd is distinct from chosen.list_monthly_cost_usd
    or plans.list_current_cost_usd is distinct from today.list_monthly_cost_usd
    or plans.monthly_savings_usd
    <> coalesce(plans.current_monthly_cost_usd - plans.projected_monthly_cost_usd, 0)
