with
    resources as (select * from {{ ref("int_inventory__resources") }}),

    billed as (
        select table_key, monthly_amount
        from {{ ref("int_billing__usage_billed") }}
        where component = 'storage'
    ),

    reported as (
        select
            table_key,
            {{ quantity(complete_sum(storage_gb("size_bytes", "item_count", "is_replicated"))) }}
            as storage_gb
        from resources
        group by table_key
    )

select
    reported.table_key,
    coalesce(billed.monthly_amount, reported.storage_gb) as storage_gb,
    case
        when billed.monthly_amount is not null
        then 'billing export'
        when reported.storage_gb is not null
        then 'reported size'
    end as storage_source
from reported
left join billed on reported.table_key = billed.table_key
