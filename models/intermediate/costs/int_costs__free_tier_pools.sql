with
    dimensions as (select * from {{ ref("int_costs__dimensions_measured") }}),

    tables as (select * from {{ ref("int_inventory__resources") }} where not is_index),

    storage as (select * from {{ ref("int_costs__storage_measured") }}),

    billed as (select * from {{ ref("int_billing__usage_billed") }} where billing_mode = 'PROVISIONED'),

    accounts as (select account_id, payer_account_id, inactive_because from {{ ref("dim_accounts") }}),

    prices as (select * from {{ ref("dim_prices") }}),

    -- What a pool uses today: unit-hours of provisioned capacity, less those that reserved capacity
    -- serves, and GB, all of class Standard only.
    uses as (
        select
            account_id,
            region,
            case when is_replicated_write then 'replicated_write' else dimension end as free_of,
            monthly_unit_hours as amount
        from dimensions
        where billing_mode = 'PROVISIONED' and table_class = 'STANDARD'
        union all
        select
            tables.account_id,
            tables.region,
            billed.component as free_of,
            - billed.monthly_reserved_amount as amount
        from billed
        inner join tables on billed.table_key = tables.table_key
        where tables.table_class = 'STANDARD' and tables.billing_mode = 'PROVISIONED'
        union all
        select tables.account_id, tables.region, 'storage' as free_of, storage.storage_gb as amount
        from storage
        inner join tables on storage.table_key = tables.table_key
        where tables.table_class = 'STANDARD'
    ),

    used as (
        select
            coalesce(accounts.payer_account_id, uses.account_id) as payer_account_id,
            uses.region,
            {% for free_of in ["read", "write", "replicated_write", "storage"] %}
                greatest(
                    coalesce(sum(case when uses.free_of = '{{ free_of }}' then uses.amount end), 0), 0
                ) as {{ free_of }}_used {{ "," if not loop.last }}
            {% endfor %}
        from uses
        left join accounts on uses.account_id = accounts.account_id
        -- What was seen of an account that has left uses up nobody's free tier any more.
        where accounts.inactive_because is null
        group by 1, 2
    ),

    -- The free tier is the price list's first tier, at no charge; a region whose list has none gives none.
    free as (
        select
            region,
            max(case when price_key = 'provisioned.read.standard' then end_range end) as read_free,
            max(case when price_key = 'provisioned.write.standard' then end_range end) as write_free,
            max(
                case when price_key = 'provisioned.replicated_write.standard' then end_range end
            ) as replicated_write_free,
            max(case when price_key = 'storage.standard' then end_range end) as storage_free
        from prices
        where
            price_usd = 0
            and begin_range = 0
            and valid_from <= {{ as_of() }}
            and (valid_to is null or valid_to > {{ as_of() }})
        group by region
    )

select
    {{ surrogate_key(["used.payer_account_id", "used.region"]) }} as free_tier_pool_key,
    used.payer_account_id,
    used.region,
    {{ quantity("used.read_used") }} as read_unit_hours,
    {{ quantity("used.write_used") }} as write_unit_hours,
    {{ quantity("used.replicated_write_used") }} as replicated_write_unit_hours,
    {{ quantity("used.storage_used") }} as storage_gb,
    {{ quantity("coalesce(free.read_free, 0)") }} as read_free_unit_hours,
    {{ quantity("coalesce(free.write_free, 0)") }} as write_free_unit_hours,
    {{ quantity("coalesce(free.replicated_write_free, 0)") }} as replicated_write_free_unit_hours,
    {{ quantity("coalesce(free.storage_free, 0)") }} as storage_free_gb,
    {{ free_share("coalesce(free.read_free, 0)", "used.read_used") }} as read_free_share,
    {{ free_share("coalesce(free.write_free, 0)", "used.write_used") }} as write_free_share,
    {{ free_share("coalesce(free.replicated_write_free, 0)", "used.replicated_write_used") }}
    as replicated_write_free_share,
    {{ free_share("coalesce(free.storage_free, 0)", "used.storage_used") }} as storage_free_share
from used
left join free on used.region = free.region
