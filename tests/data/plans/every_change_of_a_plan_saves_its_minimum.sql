-- A plan, and each of its changes over the plan without it, is worth the trouble that a change is.
-- Replicas count by their sum; their class is a change of each.
with
    decisions as (
        select
            decision_key,
            sum(case when is_chosen then monthly_cost_usd end) as chosen_usd,
            sum(case when is_current then monthly_cost_usd end) as today_usd,
            max(case when is_chosen then changes end) as changes
        from {{ ref("plan_alternatives") }}
        group by decision_key
    ),

    without_class as (
        select chosen.table_key, other.monthly_cost_usd - chosen.monthly_cost_usd as saving_usd
        from {{ ref("plan_alternatives") }} as chosen
        inner join
            {{ ref("plan_alternatives") }} as today
            on chosen.table_key = today.table_key
            and today.is_current
            and chosen.table_class <> today.table_class
        inner join
            {{ ref("plan_alternatives") }} as other
            on chosen.table_key = other.table_key
            and chosen.plan = other.plan
            and other.table_class = today.table_class
        where chosen.is_chosen
    ),

    without_plan as (
        select chosen.decision_key, sum(other.monthly_cost_usd - chosen.monthly_cost_usd) as saving_usd
        from {{ ref("plan_alternatives") }} as chosen
        inner join
            {{ ref("plan_alternatives") }} as other
            on chosen.table_key = other.table_key
            and chosen.table_class = other.table_class
            and other.plan = 'as_is'
        where chosen.is_chosen and chosen.plan <> 'as_is'
        group by chosen.decision_key
    )

select decision_key as subject
from decisions
where changes > 0 and today_usd - chosen_usd < {{ var("min_savings") }}
union all
select table_key
from without_class
where saving_usd is null or saving_usd < {{ var("min_savings") }}
union all
select decision_key
from without_plan
where saving_usd is null or saving_usd < {{ var("min_savings") }}
