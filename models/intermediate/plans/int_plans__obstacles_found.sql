with
    alternatives as (select * from {{ ref("int_plans__alternatives_judged") }}),

    -- What would be worth it if nothing forbade it; what merely costs more than the plan is no obstacle.
    worthy as (
        select
            table_key,
            guard,
            row_number() over (partition by table_key order by monthly_cost_usd, changes, plan) as place
        from alternatives
        where
            savings_usd >= {{ var("min_savings") }}
            and guard not in ('costs_more', 'dearer', 'mode_saves_too_little', 'class_saves_too_little')
    ),

    cheapest_worthy as (select * from worthy where place = 1),

    tables as (
        select
            table_key,
            max(
                case
                    when
                        is_class_in_force
                        and plan <> 'as_is'
                        and guard
                        in ('account_inactive', 'replicas_missing', 'too_little_history', 'no_price')
                    then guard
                end
            ) as telling_guard,
            max(case when is_current then monthly_cost_usd end) as today_usd,
            max(case when not is_current then savings_usd end) as greatest_saving_usd
        from alternatives
        group by table_key
    )

select
    tables.table_key,
    tables.greatest_saving_usd,
    coalesce(
        cheapest_worthy.guard,
        tables.telling_guard,
        case
            when tables.today_usd is null
            then 'unknown_usage'
            when tables.greatest_saving_usd > 0 or tables.today_usd < {{ var("min_savings") }}
            then 'below_min_savings'
            else 'already_best'
        end
    ) as obstacle
from tables
left join cheapest_worthy on tables.table_key = cheapest_worthy.table_key
