with
    priced as (select * from {{ ref("int_plans__tables_priced") }} where not is_as_today),

    classes as (select * from {{ ref("int_plans__classes_chosen") }}),

    options as (select * from {{ ref("int_plans__options_judged") }}),

    chosen_options as (select * from options where is_chosen),

    kept_options as (select * from options where classes = 'kept'),

    changed_options as (select * from options where classes = 'best'),

    today as (
        select table_key, monthly_cost_usd as today_usd, list_monthly_cost_usd as list_today_usd
        from priced
        where plan = 'as_is' and is_class_in_force
    ),

    compared as (
        select
            priced.*,
            today.today_usd,
            today.today_usd - priced.monthly_cost_usd as savings_usd,
            today.list_today_usd - priced.list_monthly_cost_usd as list_savings_usd,
            classes.kept_monthly_cost_usd - priced.monthly_cost_usd as savings_of_class_usd,
            classes.class_guard,
            kept_options.plan_guard,
            case
                when priced.is_class_in_force or not classes.is_class_changed
                then kept_options.savings_of_plan_usd
                else changed_options.savings_of_plan_usd
            end as savings_of_plan_usd,
            -- A class that the decision does not change is weighed for the table by itself.
            case
                when priced.is_class_in_force
                then kept_options.savings_usd
                when classes.is_class_changed
                then changed_options.savings_usd
            end as savings_of_option_usd,
            case
                when priced.is_class_in_force or not classes.is_class_changed
                then kept_options.cautious_cost_usd
                else changed_options.cautious_cost_usd
            end as cautious_cost_usd,
            case when priced.plan = 'as_is' then 0 else 1 end
            + case when priced.is_class_in_force then 0 else 1 end as changes,
            chosen_options.plan = priced.plan
            and (chosen_options.classes = 'best' and classes.is_class_changed)
            <> priced.is_class_in_force as is_chosen,
            chosen_options.cost_usd as chosen_cost_usd,
            chosen_options.today_usd as decision_today_usd,
            case
                when priced.is_class_in_force
                then kept_options.guard
                when classes.is_class_changed
                then changed_options.guard
                else
                    coalesce(
                        kept_options.plan_guard,
                        classes.class_guard,
                        case
                            when priced.monthly_cost_usd is null
                            then 'no_price'
                            when priced.monthly_cost_usd > today.today_usd
                            then 'costs_more'
                            when today.today_usd - priced.monthly_cost_usd < {{ var("min_savings") }}
                            then 'below_min_savings'
                            else 'class_saves_too_little'
                        end
                    )
            end as option_guard
        from priced
        inner join today on priced.table_key = today.table_key
        inner join classes on priced.table_key = classes.table_key and priced.plan = classes.plan
        inner join chosen_options on priced.decision_key = chosen_options.decision_key
        left join
            kept_options
            on priced.decision_key = kept_options.decision_key
            and priced.plan = kept_options.plan
        left join
            changed_options
            on priced.decision_key = changed_options.decision_key
            and priced.plan = changed_options.plan
    ),

    guarded as (
        select
            *,
            plan = 'as_is' and is_class_in_force as is_current,
            case
                when is_chosen or (plan = 'as_is' and is_class_in_force)
                then null
                else coalesce(option_guard, 'dearer')
            end as guard
        from compared
    )

select
    plan_alternative_key,
    table_key,
    decision_key,
    account_id,
    region,
    table_name,
    billing_mode,
    plan,
    table_class,
    is_class_in_force,
    setting,
    storage_cost_usd,
    throughput_cost_usd,
    monthly_cost_usd,
    list_monthly_cost_usd,
    cautious_cost_usd,
    price_source,
    price_effective_on,
    {{ usd("savings_usd") }} as savings_usd,
    {{ usd("list_savings_usd") }} as list_savings_usd,
    {{ usd("savings_of_class_usd") }} as savings_of_class_usd,
    {{ usd("savings_of_plan_usd") }} as savings_of_plan_usd,
    {{ usd("savings_of_option_usd") }} as savings_of_option_usd,
    {{ usd("decision_today_usd - chosen_cost_usd") }} as decision_savings_usd,
    changes,
    is_current,
    is_chosen,
    plan_guard,
    guard
from guarded
