with
    dimensions as (select * from {{ ref("int_costs__dimensions_measured") }}),

    storage as (select * from {{ ref("int_costs__storage_measured") }}),

    amounts as (
        select
            table_key,
            case when is_replicated_write then 'replicated_write' else dimension end as component,
            billing_mode,
            case when billing_mode = 'PROVISIONED' then monthly_unit_hours else monthly_requests end as amount
        from dimensions
        union all
        select
            table_key,
            'storage' as component,
            cast(null as {{ dbt.type_string() }}) as billing_mode,
            storage_gb as amount
        from storage
    )

select
    {{ surrogate_key(["table_key", "component", "billing_mode"]) }} as table_usage_key,
    table_key,
    component,
    billing_mode,
    {{ quantity(complete_sum("amount")) }} as monthly_amount
from amounts
group by table_key, component, billing_mode
