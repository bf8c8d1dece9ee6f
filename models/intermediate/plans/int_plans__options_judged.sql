{%- set min_savings = var("min_savings") -%}
with
    tables as (select * from {{ ref("int_plans__classes_chosen") }}),

    priced as (select * from {{ ref("int_plans__tables_priced") }} where is_class_in_force),

    screened as (select * from {{ ref("int_capacity__decisions_screened") }}),

    modes as (select * from {{ ref("int_capacity__modes_decided") }}),

    fixed as (select * from {{ ref("int_capacity__fixed_units_chosen") }}),

    -- Where everything is fixed today, a plan of fixed capacity does no more than what utilisation
    -- advises of each resource by its own history.
    fixed_decisions as (
        select decision_key, bool_and(is_fixed_today) as only_cuts from fixed group by decision_key
    ),

    as_is as (select * from tables where plan = 'as_is'),

    on_demand as (select * from tables where plan = 'on_demand'),

    -- Of every table the cost with the classes that go with the plan, and that of other plans with the same
    -- classes.
    compared as (
        {% for variant in ["kept", "best"] %}
            select
                tables.decision_key,
                tables.plan,
                '{{ variant }}' as classes,
                {% if variant == "best" %} tables.is_class_changed
                {% else %} false
                {% endif %} as is_class_changed,
                tables.{{ variant }}_monthly_cost_usd as cost_usd,
                tables.{{ variant }}_monthly_cost_upper_usd as cost_upper_usd,
                tables.{{ variant }}_monthly_cost_held_usd as cost_held_usd,
                as_is.kept_monthly_cost_usd as today_usd,
                {% for other in ["as_is", "on_demand"] %}
                    {% if variant == "best" %}
                        case
                            when tables.is_class_changed
                            then {{ other }}.other_monthly_cost_usd
                            else {{ other }}.kept_monthly_cost_usd
                        end
                    {% else %} {{ other }}.kept_monthly_cost_usd
                    {% endif %} as {{ other }}_usd {{ "," if not loop.last }}
                {% endfor %}
            from tables
            inner join as_is on tables.table_key = as_is.table_key
            inner join on_demand on tables.table_key = on_demand.table_key {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    options as (
        select
            decision_key,
            plan,
            classes,
            count(case when is_class_changed then 1 end) as class_changes,
            {% for cost in [
                "cost_usd",
                "cost_upper_usd",
                "cost_held_usd",
                "today_usd",
                "as_is_usd",
                "on_demand_usd",
            ] %}
                {{ usd(complete_sum(cost)) }} as {{ cost }} {{ "," if not loop.last }}
            {% endfor %}
        from compared
        group by decision_key, plan, classes
    ),

    conditions as (
        select
            decision_key,
            plan,
            bool_and(is_as_today) as is_as_today,
            bool_or(cuts_throttled_dimension) as cuts_throttled_dimension,
            bool_or(lacks_price) as lacks_price
        from priced
        group by decision_key, plan
    ),

    guarded as (
        select
            options.*,
            options.class_changes + case when options.plan = 'as_is' then 0 else 1 end as changes,
            case
                when options.plan = 'as_is'
                then null
                when modes.keep_reason = 'account_inactive'
                then 'account_inactive'
                when options.plan = 'provisioned_fixed' and screened.replicas_expected > 1
                then 'fixed_not_allowed'
                when options.plan = 'provisioned_fixed' and fixed_decisions.only_cuts
                then null
                when not screened.has_all_replicas
                then 'replicas_missing'
                when not screened.has_enough_history
                then 'too_little_history'
                when options.plan like 'provisioned%' and screened.has_coarse_points
                then 'coarse_points'
                when conditions.lacks_price or not screened.has_prices
                then 'no_price'
                when options.plan = 'provisioned_autoscaled' and not screened.can_provisioned_win
                then 'cannot_win'
                when options.plan = 'provisioned_autoscaled' and modes.cuts_throttled_dimension
                then 'throttled'
                when options.plan = 'provisioned_fixed' and conditions.cuts_throttled_dimension
                then 'throttled'
            end as plan_guard
        from options
        inner join screened on options.decision_key = screened.decision_key
        inner join modes on options.decision_key = modes.decision_key
        inner join fixed_decisions on options.decision_key = fixed_decisions.decision_key
        inner join
            conditions on options.decision_key = conditions.decision_key and options.plan = conditions.plan
        where not conditions.is_as_today and (options.classes = 'kept' or options.class_changes > 0)
    ),

    judged as (
        select
            *,
            case
                when changes = 0
                then null
                when plan_guard is not null
                then plan_guard
                when cost_usd is null or today_usd is null
                then 'no_price'
                when cost_usd > today_usd
                then 'costs_more'
                when today_usd - cost_usd < {{ min_savings }}
                then 'below_min_savings'
                when plan <> 'as_is' and coalesce(as_is_usd - cost_usd < {{ min_savings }}, true)
                then 'mode_saves_too_little'
                -- If AWS billed every hour at its highest capacity, and if it never scaled in while
                -- nothing is consumed, the plan must still be cheaper than on-demand and worth it.
                when
                    plan = 'provisioned_autoscaled'
                    and not coalesce(
                        greatest(cost_upper_usd, cost_held_usd) < on_demand_usd
                        and cost_usd < on_demand_usd
                        and today_usd - greatest(cost_upper_usd, cost_held_usd) >= {{ min_savings }},
                        false
                    )
                then 'not_robust'
            end as own_guard
        from guarded
    ),

    -- Fixed capacity is only worth having to keep it right by hand where it saves as much as a change must.
    preferred as (
        select
            *,
            case
                when
                    own_guard is null
                    and plan = 'provisioned_fixed'
                    and coalesce(
                        min(
                            case when own_guard is null and plan = 'provisioned_autoscaled' then cost_usd end
                        ) over (partition by decision_key)
                        - cost_usd
                        < {{ min_savings }},
                        false
                    )
                then 'autoscaled_preferred'
                else own_guard
            end as guard
        from judged
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by decision_key
                order by
                    case when guard is null then 0 else 1 end,
                    coalesce(cost_usd, 0),
                    changes,
                    case
                        plan
                        when 'as_is'
                        then 0
                        when 'on_demand'
                        then 1
                        when 'provisioned_autoscaled'
                        then 2
                        else 3
                    end
            ) as place
        from preferred
    )

select
    {{ surrogate_key(["decision_key", "plan", "classes"]) }} as plan_option_key,
    decision_key,
    plan,
    classes,
    class_changes,
    changes,
    cost_usd,
    greatest(cost_upper_usd, cost_held_usd) as cautious_cost_usd,
    today_usd,
    on_demand_usd,
    today_usd - cost_usd as savings_usd,
    as_is_usd - cost_usd as savings_of_plan_usd,
    plan_guard,
    guard,
    place = 1 as is_chosen
from ranked
