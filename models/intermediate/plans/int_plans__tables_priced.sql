with
    tables as (select * from {{ ref("int_inventory__resources") }} where not is_index),

    lines as (select * from {{ ref("int_plans__lines_priced") }}),

    settings as (select * from {{ ref("int_capacity__settings_written") }}),

    fixed as (select * from {{ ref("int_capacity__fixed_units_chosen") }}),

    fixed_tables as (
        select
            table_key,
            bool_and(coalesce(is_as_today, false)) as is_as_today,
            bool_or(cuts_throttled_dimension) as cuts_throttled_dimension
        from fixed
        group by table_key
    ),

    choices as (
        select plans.plan, classes.table_class
        from
            (values ('as_is'), ('on_demand'), ('provisioned_autoscaled'), ('provisioned_fixed')) as plans(
                plan
            )
        cross join (values ('STANDARD'), ('STANDARD_INFREQUENT_ACCESS')) as classes(table_class)
    ),

    costs as (
        select
            table_key,
            plan,
            table_class,
            {% for price in ["", "list_"] %}
                {{ usd("sum(case when component = 'storage' then " ~ price ~ "cost_usd end)") }}
                as {{ price }}storage_cost_usd,
                bool_or(
                    component = 'storage' and monthly_quantity > 0 and {{ price }}cost_usd is null
                ) as {{ price }}lacks_storage_price,
            {% endfor %}
            {% for cost in ["cost_usd", "cost_upper_usd", "cost_held_usd", "list_cost_usd"] %}
                case
                    -- A plan of today that has none is that of a table which is billed for storage alone.
                    when plan = 'as_is' and count(case when component <> 'storage' then 1 end) = 0
                    then {{ usd("0") }}
                    when
                        count(case when component <> 'storage' then 1 end)
                        = count(case when component <> 'storage' then {{ cost }} end)
                        and count(case when component <> 'storage' then 1 end) > 0
                    then {{ usd("sum(case when component <> 'storage' then " ~ cost ~ " end)") }}
                end as throughput_{{ cost }},
            {% endfor %}
            bool_or(
                component <> 'storage' and monthly_quantity is not null and price_usd is null
            ) as lacks_price,
            sum(throttled_minutes) as throttled_minutes,
            max(price_source) as price_source,
            max(price_effective_on) as price_effective_on
        from lines
        group by table_key, plan, table_class
    ),

    priced as (
        select
            tables.table_key,
            tables.decision_key,
            tables.account_id,
            tables.region,
            tables.table_name,
            tables.billing_mode,
            tables.table_class as table_class_in_force,
            choices.plan,
            choices.table_class,
            choices.table_class = tables.table_class as is_class_in_force,
            costs.storage_cost_usd,
            costs.throughput_cost_usd,
            -- Of a table whose size is not known, the throughput alone is compared.
            case
                when not coalesce(costs.lacks_storage_price, false)
                then costs.throughput_cost_usd + coalesce(costs.storage_cost_usd, 0)
            end as monthly_cost_usd,
            case
                when not coalesce(costs.list_lacks_storage_price, false)
                then costs.throughput_list_cost_usd + coalesce(costs.list_storage_cost_usd, 0)
            end as list_monthly_cost_usd,
            costs.throughput_cost_upper_usd,
            costs.throughput_cost_held_usd,
            coalesce(costs.lacks_price, false) or coalesce(costs.lacks_storage_price, false) as lacks_price,
            costs.throttled_minutes,
            costs.price_source,
            costs.price_effective_on,
            case
                choices.plan
                when 'on_demand'
                then null
                when 'provisioned_autoscaled'
                then settings.provisioned_policy_setting
                when 'provisioned_fixed'
                then settings.provisioned_fixed_setting
                else
                    case
                        when tables.billing_mode = 'PROVISIONED' then settings.provisioned_current_setting
                    end
            end as provisioned_setting,
            coalesce(fixed_tables.cuts_throttled_dimension, false) as cuts_throttled_dimension,
            -- On-demand is no change for who has it, nor are units that stay as they are.
            (choices.plan = 'on_demand' and tables.billing_mode = 'PAY_PER_REQUEST')
            or (
                choices.plan = 'provisioned_fixed' and coalesce(fixed_tables.is_as_today, false)
            ) as is_as_today
        from tables
        cross join choices
        left join
            costs
            on tables.table_key = costs.table_key
            and choices.plan = costs.plan
            and choices.table_class = costs.table_class
        left join settings on tables.table_key = settings.table_key
        left join fixed_tables on tables.table_key = fixed_tables.table_key
    )

select
    {{ surrogate_key(["table_key", "plan", "table_class"]) }} as plan_alternative_key,
    table_key,
    decision_key,
    account_id,
    region,
    table_name,
    billing_mode,
    table_class_in_force,
    plan,
    table_class,
    is_class_in_force,
    is_as_today,
    case
        when provisioned_setting is not null
        then '{"table_class":"' || table_class || '",' || substring(provisioned_setting, 2)
        when plan = 'on_demand' or (plan = 'as_is' and billing_mode = 'PAY_PER_REQUEST')
        then '{"table_class":"' || table_class || '","billing_mode":"PAY_PER_REQUEST"}'
        when plan = 'as_is'
        then '{"table_class":"' || table_class || '","billing_mode":"PROVISIONED"}'
    end as setting,
    storage_cost_usd,
    throughput_cost_usd,
    {{ usd("monthly_cost_usd") }} as monthly_cost_usd,
    {{ usd("list_monthly_cost_usd") }} as list_monthly_cost_usd,
    {{ usd("monthly_cost_usd - throughput_cost_usd + throughput_cost_upper_usd") }} as monthly_cost_upper_usd,
    {{ usd("monthly_cost_usd - throughput_cost_usd + throughput_cost_held_usd") }} as monthly_cost_held_usd,
    lacks_price,
    cuts_throttled_dimension,
    throttled_minutes,
    price_source,
    price_effective_on
from priced
