with
    tables_and_indexes as (select * from {{ ref("int_inventory__resources") }}),

    dimensions as (select * from {{ ref("int_costs__dimensions_priced") }}),

    in_classes as (select * from {{ ref("int_costs__dimensions_in_classes") }}),

    windows as (select * from {{ ref("int_demand__windows") }}),

    policies as (select * from {{ ref("int_capacity__policies_chosen") }} where purpose = 'search'),

    fixed as (select * from {{ ref("int_capacity__fixed_units_chosen") }}),

    billed_storage as (select * from {{ ref("int_billing__usage_priced") }} where component = 'storage'),

    tables_judged_by_bill as (
        select distinct table_key from {{ ref("int_plans__lines_priced") }} where is_billed
    ),

    prices as (select * from {{ ref("int_prices__accounts_in_force") }}),

    throughput as (
        select
            in_classes.resource_key,
            in_classes.dimension,
            in_classes.component,
            in_classes.table_class,
            in_classes.is_in_force,
            dimensions.is_autoscaled,
            dimensions.units,
            dimensions.autoscaling_min,
            dimensions.autoscaling_max,
            dimensions.autoscaling_target,
            policies.minimum as policy_min,
            policies.maximum as policy_max,
            policies.target as policy_target,
            fixed.fixed_units,
            in_classes.monthly_unit_hours,
            in_classes.monthly_requests,
            dimensions.known_minutes,
            dimensions.consumed_units,
            dimensions.max_units_per_second as peak_units_per_second,
            in_classes.free_share,
            in_classes.free_unit_hours,
            in_classes.sunk_unit_hours,
            {% for basis in ["list", "net", "amortized"] %}
                in_classes.{{ basis }}_request_price_usd,
                in_classes.{{ basis }}_unit_hour_price_usd,
                in_classes.{{ basis }}_sunk_plan_usd,
            {% endfor %}
            requests.effective_rate_source as request_rate_source,
            unit_hours.effective_rate_source as unit_hour_rate_source,
            in_classes.price_source,
            in_classes.price_effective_on
        from in_classes
        inner join dimensions on in_classes.resource_dimension_key = dimensions.resource_dimension_key
        left join
            policies
            on in_classes.resource_key = policies.resource_key
            and in_classes.dimension = policies.dimension
        left join fixed on in_classes.resource_dimension_key = fixed.resource_dimension_key
        {% for relation, mode in [("requests", "PAY_PER_REQUEST"), ("unit_hours", "PROVISIONED")] %}
            left join
                prices as {{ relation }}
                on in_classes.account_id = {{ relation }}.account_id
                and in_classes.region = {{ relation }}.region
                and in_classes.component = {{ relation }}.component
                and in_classes.table_class = {{ relation }}.table_class
                and {{ relation }}.billing_mode = '{{ mode }}'
        {% endfor %}
    ),

    storage as (
        select
            billed_storage.table_key as resource_key,
            'storage' as dimension,
            billed_storage.component,
            billed_storage.table_class,
            billed_storage.monthly_amount as monthly_gb,
            billed_storage.free_share,
            billed_storage.paid_amount as paid_gb,
            {% for basis in ["list", "net", "amortized"] %}
                billed_storage.{{ basis }}_price_usd as {{ basis }}_gb_month_price_usd,
            {% endfor %}
            prices.effective_rate_source as gb_month_rate_source,
            billed_storage.price_source,
            billed_storage.price_effective_on
        from billed_storage
        left join
            prices
            on billed_storage.account_id = prices.account_id
            and billed_storage.region = prices.region
            and billed_storage.price_key = prices.price_key
    ),

    inputs as (
        select *
        from throughput
        union all by name
        select *
        from storage
    )

select
    {{ surrogate_key(["inputs.resource_key", "inputs.dimension", "inputs.table_class"]) }}
    as what_if_input_key,
    inputs.resource_key,
    tables_and_indexes.table_key,
    tables_and_indexes.account_id,
    tables_and_indexes.region,
    tables_and_indexes.table_name,
    tables_and_indexes.index_name,
    tables_and_indexes.resource_name,
    inputs.dimension,
    inputs.component,
    inputs.table_class,
    inputs.table_class = tables_and_indexes.table_class as is_in_force,
    tables_and_indexes.billing_mode,
    coalesce(tables_and_indexes.is_replicated, false) as is_replicated,
    inputs.is_autoscaled,
    inputs.units,
    inputs.autoscaling_min,
    inputs.autoscaling_max,
    inputs.autoscaling_target,
    inputs.policy_min,
    inputs.policy_max,
    inputs.policy_target,
    inputs.fixed_units,
    inputs.monthly_unit_hours,
    inputs.monthly_requests,
    inputs.monthly_gb,
    tables_judged_by_bill.table_key is not null as is_today_billed,
    windows.window_start,
    windows.window_end,
    windows.window_end - to_minutes(windows.existing_minutes) as existing_from_at,
    inputs.known_minutes,
    inputs.consumed_units,
    inputs.peak_units_per_second,
    inputs.free_share,
    inputs.free_unit_hours,
    inputs.sunk_unit_hours,
    inputs.paid_gb,
    {% for basis in ["list", "net", "amortized"] %}
        inputs.{{ basis }}_request_price_usd,
        inputs.{{ basis }}_unit_hour_price_usd,
        inputs.{{ basis }}_gb_month_price_usd,
        inputs.{{ basis }}_sunk_plan_usd,
    {% endfor %}
    inputs.request_rate_source,
    inputs.unit_hour_rate_source,
    inputs.gb_month_rate_source,
    '{{ price_basis() }}' as price_basis,
    inputs.price_source,
    inputs.price_effective_on,
    cast({{ var("scaling_delay_minutes") }} as integer) as scaling_delay_minutes,
    cast({{ var("safe_burst_seconds") }} as double) as safe_burst_seconds,
    cast({{ var("safe_throttled_share") }} as double) as safe_throttled_share,
    cast({{ var("safe_throttled_minutes_per_day") }} as double) as safe_throttled_minutes_per_day
from inputs
inner join tables_and_indexes on inputs.resource_key = tables_and_indexes.resource_key
left join windows on inputs.resource_key = windows.resource_key
left join tables_judged_by_bill on tables_and_indexes.table_key = tables_judged_by_bill.table_key
