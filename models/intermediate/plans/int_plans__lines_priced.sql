with
    in_classes as (select * from {{ ref("int_costs__dimensions_in_classes") }}),

    dimensions as (select * from {{ ref("int_costs__dimensions_priced") }}),

    policies as (select * from {{ ref("int_capacity__policies_chosen") }} where purpose = 'search'),

    fixed as (select * from {{ ref("int_capacity__fixed_units_chosen") }}),

    decisions as (select * from {{ ref("int_capacity__decisions_screened") }}),

    billed_usage as (select * from {{ ref("int_billing__usage_priced") }}),

    billed_tables as (select distinct table_key from billed_usage where source_of_usage = 'billing export'),

    -- What the window does not tell yet, the bill may: without enough history only what is set today
    -- is compared, in both classes, by the amounts that were billed. A table that is billed for storage
    -- alone used no throughput.
    tables_judged_by_bill as (
        select distinct in_classes.table_key
        from in_classes
        inner join decisions on in_classes.decision_key = decisions.decision_key
        inner join billed_tables on in_classes.table_key = billed_tables.table_key
        where not decisions.has_enough_history
    ),

    plans as (
        {% for plan in ["as_is", "on_demand", "provisioned_autoscaled", "provisioned_fixed"] %}
            select '{{ plan }}' as plan {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    as_is as (
        select
            in_classes.resource_dimension_class_key,
            'as_is' as plan,
            {{ dimension_setting("dimensions") }} as setting,
            in_classes.billing_mode as billing_mode_of_plan,
            case
                when in_classes.billing_mode = 'PROVISIONED'
                then in_classes.monthly_unit_hours
                else in_classes.monthly_requests
            end as monthly_quantity
        from in_classes
        inner join dimensions on in_classes.resource_dimension_key = dimensions.resource_dimension_key
        anti join tables_judged_by_bill on in_classes.table_key = tables_judged_by_bill.table_key
    ),

    on_demand as (
        select
            resource_dimension_class_key,
            'on_demand' as plan,
            'PAY_PER_REQUEST' as billing_mode_of_plan,
            monthly_requests as monthly_quantity
        from in_classes
    ),

    autoscaled as (
        select
            in_classes.resource_dimension_class_key,
            'provisioned_autoscaled' as plan,
            {{ policy_setting("policies.minimum", "policies.maximum", "policies.target") }} as setting,
            'PROVISIONED' as billing_mode_of_plan,
            policies.monthly_unit_hours as monthly_quantity,
            policies.monthly_unit_hours_upper as monthly_quantity_upper,
            policies.monthly_unit_hours_held as monthly_quantity_held,
            policies.least_units,
            policies.greatest_units,
            cast(policies.throttled_minutes as bigint) as throttled_minutes
        from in_classes
        inner join
            policies
            on in_classes.resource_key = policies.resource_key
            and in_classes.dimension = policies.dimension
    ),

    fixed_capacity as (
        select
            in_classes.resource_dimension_class_key,
            'provisioned_fixed' as plan,
            {{ units_setting("fixed.fixed_units") }} as setting,
            'PROVISIONED' as billing_mode_of_plan,
            fixed.monthly_unit_hours as monthly_quantity
        from in_classes
        inner join fixed on in_classes.resource_dimension_key = fixed.resource_dimension_key
    ),

    -- Only autoscaled capacity is simulated, and has more than one reading of what it bills.
    quantities as (
        select *
        from as_is
        union all by name
        select *
        from on_demand
        union all by name
        select *
        from autoscaled
        union all by name
        select *
        from fixed_capacity
    ),

    throughput as (
        select in_classes.*, quantities.* exclude (resource_dimension_class_key)
        from quantities
        inner join
            in_classes on quantities.resource_dimension_class_key = in_classes.resource_dimension_class_key
    ),

    throughput_costs as (
        select
            *,
            {% for price in price_prefixes() %}
                case
                    when billing_mode_of_plan = 'PROVISIONED'
                    then {{ provisioned_cost("monthly_quantity", price) }}
                    else {{ on_demand_cost("monthly_quantity", price) }}
                end as {{ price }}cost_usd,
            {% endfor %}
            {{ provisioned_cost("monthly_quantity_upper") }} as cost_upper_usd,
            {{ provisioned_cost("monthly_quantity_held") }} as cost_held_usd,
            case
                when billing_mode_of_plan = 'PROVISIONED'
                then {{ paid_unit_hours("monthly_quantity") }}
                else monthly_quantity
            end as paid_quantity
        from throughput
    ),

    lines as (
        select
            table_key,
            resource_key,
            account_id,
            region,
            table_name,
            index_name,
            plan,
            table_class,
            component,
            setting,
            case when billing_mode_of_plan = 'PROVISIONED' then 'unit-hours' else 'request units' end as unit,
            monthly_quantity,
            case
                when billing_mode_of_plan = 'PROVISIONED'
                then least(sunk_unit_hours, monthly_quantity)
                else {{ quantity("0") }}
            end as sunk_quantity,
            case when billing_mode_of_plan = 'PROVISIONED' then free_share else 0.0 end as free_share,
            paid_quantity,
            {% for price in price_prefixes() %}
                case
                    when billing_mode_of_plan = 'PROVISIONED'
                    then {{ price }}unit_hour_price_usd
                    else {{ price }}request_price_usd
                end as {{ price }}price_usd,
                {{ price }}sunk_plan_usd,
                {{ price }}cost_usd,
            {% endfor %}
            cost_upper_usd,
            cost_held_usd,
            least_units,
            greatest_units,
            throttled_minutes,
            price_source,
            price_effective_on
        from throughput_costs
        union all by name
        -- Storage costs the same in every plan of a class.
        select
            billed_usage.table_key,
            billed_usage.table_key as resource_key,
            billed_usage.account_id,
            billed_usage.region,
            billed_usage.table_name,
            plans.plan,
            billed_usage.table_class,
            billed_usage.component,
            case
                when billed_usage.component = 'storage'
                then 'GB-months'
                when billed_usage.billing_mode = 'PROVISIONED'
                then 'unit-hours'
                else 'request units'
            end as unit,
            billed_usage.component <> 'storage' as is_billed,
            billed_usage.monthly_amount as monthly_quantity,
            billed_usage.sunk_amount as sunk_quantity,
            billed_usage.free_share,
            billed_usage.paid_amount as paid_quantity,
            {% for price in price_prefixes() %}
                billed_usage.{{ price }}price_usd,
                {{ usd("0") }} as {{ price }}sunk_plan_usd,
                billed_usage.{{ price }}cost_usd,
            {% endfor %}
            billed_usage.price_source,
            billed_usage.price_effective_on
        from billed_usage
        cross join plans
        left join tables_judged_by_bill on billed_usage.table_key = tables_judged_by_bill.table_key
        where
            billed_usage.component = 'storage'
            or (plans.plan = 'as_is' and tables_judged_by_bill.table_key is not null)
    )

select
    {{ surrogate_key(["resource_key", "component", "unit", "plan", "table_class"]) }} as plan_cost_line_key,
    {{ surrogate_key(["table_key", "plan", "table_class"]) }} as plan_alternative_key,
    table_key,
    resource_key,
    account_id,
    region,
    table_name,
    index_name,
    plan,
    table_class,
    component,
    setting,
    unit,
    coalesce(is_billed, false) as is_billed,
    monthly_quantity,
    sunk_quantity,
    free_share,
    paid_quantity,
    price_usd,
    sunk_plan_usd,
    cost_usd,
    list_price_usd,
    list_sunk_plan_usd,
    list_cost_usd,
    net_cost_usd,
    amortized_cost_usd,
    cost_upper_usd,
    cost_held_usd,
    least_units,
    greatest_units,
    throttled_minutes,
    price_source,
    price_effective_on
from lines
