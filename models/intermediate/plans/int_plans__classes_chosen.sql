with
    priced as (select * from {{ ref("int_plans__tables_priced") }}),

    -- Whether prices and usage are known is told by the costs of each plan.
    judged as (
        select
            table_key,
            case when class_guard not in ('no_price', 'unknown_usage') then class_guard end as class_guard
        from {{ ref("int_billing__classes_judged") }}
    ),

    kept as (select * from priced where is_class_in_force),

    other as (select * from priced where not is_class_in_force),

    paired as (
        select
            kept.table_key,
            kept.decision_key,
            kept.plan,
            judged.class_guard,
            coalesce(
                judged.class_guard is null
                and kept.monthly_cost_usd - other.monthly_cost_usd >= {{ var("min_savings") }},
                false
            ) as is_class_changed,
            {% for cost in ["monthly_cost_usd", "monthly_cost_upper_usd", "monthly_cost_held_usd"] %}
                kept.{{ cost }} as kept_{{ cost }},
                other.{{ cost }} as other_{{ cost }} {{ "," if not loop.last }}
            {% endfor %}
        from kept
        inner join other on kept.table_key = other.table_key and kept.plan = other.plan
        left join judged on kept.table_key = judged.table_key
    )

select
    {{ surrogate_key(["table_key", "plan"]) }} as table_plan_key,
    table_key,
    decision_key,
    plan,
    class_guard,
    is_class_changed,
    kept_monthly_cost_usd,
    other_monthly_cost_usd,
    {% for cost in ["monthly_cost_usd", "monthly_cost_upper_usd", "monthly_cost_held_usd"] %}
        case when is_class_changed then other_{{ cost }} else kept_{{ cost }} end as best_{{ cost }},
    {% endfor %}
    kept_monthly_cost_upper_usd,
    kept_monthly_cost_held_usd
from paired
