{%- set least_saving = "%.2f USD" | format(var("min_savings") | float) -%}
with
    judged as (select * from {{ ref("int_plans__alternatives_judged") }}),

    decided as (select * from {{ ref("int_capacity__modes_decided") }}),

    judged_classes as (select * from {{ ref("int_billing__classes_judged") }})

select
    judged.plan_alternative_key,
    judged.table_key,
    judged.decision_key,
    judged.account_id,
    judged.region,
    judged.table_name,
    judged.plan,
    judged.table_class,
    judged.setting,
    judged.storage_cost_usd,
    judged.throughput_cost_usd,
    judged.monthly_cost_usd,
    judged.savings_usd as monthly_savings_usd,
    judged.list_monthly_cost_usd,
    judged.list_savings_usd as list_monthly_savings_usd,
    judged.changes,
    judged.is_current,
    judged.is_chosen,
    judged.guard,
    case
        judged.guard
        when 'account_inactive'
        then concat('No advice: ', decided.history_problem, '.')
        when 'replicas_missing'
        then
            concat(
                'Only ',
                decided.replicas_loaded,
                ' of ',
                decided.replicas_expected,
                ' replicas of this global table are loaded, and their mode is one decision.'
            )
        when 'too_little_history'
        then
            case
                when judged.plan_guard is not null and decided.history_problem is not null
                then
                    concat(
                        'Too little history of the table or one of its indexes: ',
                        decided.history_problem,
                        '.'
                    )
                else 'Too little is known of the table yet: a week of its usage is needed.'
            end
        when 'no_price'
        then concat('A price that it needs is not known in ', judged.region, '.')
        when 'coarse_points'
        then
            'Part of the window is known in 300-second points only, which never justify provisioned capacity.'
        when 'throttled'
        then
            concat(
                {{ number_text("decided.throttle_events") }},
                ' throttle events say that demand was higher than what was seen, and it would lower the capacity.'
            )
        when 'not_robust'
        then
            concat(
                'By the most cautious reading of how autoscaling is billed it costs ',
                {{ usd_text("judged.cautious_cost_usd") }},
                ', which is not cheaper than on-demand or does not save {{ least_saving }}.'
            )
        when 'cannot_win'
        then
            concat(
                'Not simulated: a safe policy bills at least ',
                {{ usd_text("decided.least_provisioned_cost_usd") }},
                ' a month of throughput, which cannot win.'
            )
        when 'fixed_not_allowed'
        then 'A global table needs autoscaling of writes, so that its capacity cannot be fixed.'
        when 'unknown_size'
        then 'No billing export names the table, and AWS reports no size for it.'
        when 'unknown_usage'
        then 'No billing export names the table, and its demand is not known.'
        when 'class_changed_recently'
        then
            concat(
                'The class changed on ',
                cast(cast(judged_classes.table_class_changed_at as date) as {{ dbt.type_string() }}),
                ', and AWS allows two changes in 30 days.'
            )
        when 'below_breakeven_ratio'
        then
            concat(
                'Storage / throughput is ',
                {{ number_text("judged_classes.ratio", 2) }},
                ', not above the ratio that is asked for.'
            )
        when 'costs_more'
        then
            case
                when decided.tables > 1 and judged.savings_of_option_usd is not null
                then
                    concat(
                        'All replicas together cost ',
                        {{ usd_text("-judged.savings_of_option_usd") }},
                        ' a month more than today.'
                    )
                else concat('Costs ', {{ usd_text("-judged.savings_usd") }}, ' a month more than today.')
            end
        when 'below_min_savings'
        then
            concat(
                case
                    when decided.tables > 1 and judged.savings_of_option_usd is not null
                    then 'All replicas together save '
                    else 'Saves '
                end,
                {{ usd_text("coalesce(judged.savings_of_option_usd, judged.savings_usd)") }},
                ', less than the {{ least_saving }} that a change must save.'
            )
        when 'class_saves_too_little'
        then
            concat(
                'Of this the change of class ',
                case when judged.savings_of_class_usd < 0 then 'loses ' else 'saves ' end,
                {{ usd_text("abs(judged.savings_of_class_usd)") }},
                ', where each change must save {{ least_saving }}.'
            )
        when 'mode_saves_too_little'
        then
            concat(
                'Of this the change of capacity ',
                case when judged.savings_of_plan_usd < 0 then 'loses ' else 'saves ' end,
                {{ usd_text("abs(judged.savings_of_plan_usd)") }},
                ', where each change must save {{ least_saving }}.'
            )
        when 'autoscaled_preferred'
        then 'Autoscaled capacity is preferred where fixed capacity does not save {{ least_saving }} more.'
        when 'dearer'
        then
            concat(
                'It may be done, but saves ',
                {{ usd_text("judged.decision_savings_usd - judged.savings_usd") }},
                ' a month less than the plan.'
            )
    end as guard_reason,
    row_number() over (
        partition by judged.table_key
        order by
            case when judged.monthly_cost_usd is null then 1 else 0 end,
            judged.monthly_cost_usd,
            judged.changes,
            judged.plan,
            judged.table_class
    ) as rank_by_cost
from judged
inner join decided on judged.decision_key = decided.decision_key
left join judged_classes on judged.table_key = judged_classes.table_key
