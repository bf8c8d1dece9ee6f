with
    hours as (select * from {{ ref("int_commitments__hours_projected") }}),

    attributes as (select * from {{ ref("price_attributes") }} where term_type = 'OnDemand'),

    pools as (select * from {{ ref("int_costs__free_tier_pools") }}),

    owned as (
        select payer_account_id, region, dimension, sum(units) as units
        from {{ ref("int_commitments__owned") }}
        where kind = 'reserved' and is_active
        group by payer_account_id, region, dimension
    ),

    uncovered as (
        select
            hours.*,
            attributes.component,
            case
                when hours.price_key in ('provisioned.read.standard', 'provisioned.write.standard')
                then coalesce(owned.units, 0)
                else 0
            end as owned_units,
            -- The month's free units, as if they were spread evenly over it.
            case
                when hours.price_key like 'provisioned.%.standard'
                then
                    cast({{ of_pool("attributes.component", "free_unit_hours") }} as double)
                    / {{ hours_per_month() }}
                else 0
            end as free_units
        from hours
        inner join attributes on hours.price_key = attributes.price_key
        left join pools on hours.payer_account_id = pools.payer_account_id and hours.region = pools.region
        left join
            owned
            on hours.payer_account_id = owned.payer_account_id
            and hours.region = owned.region
            and attributes.component = owned.dimension
    )

select
    pool_hour_key,
    payer_account_id,
    region,
    price_key,
    component,
    hour_number,
    amount,
    {{ quantity("greatest(amount - owned_units, 0)") }} as uncovered_amount,
    {{ quantity("greatest(cast(amount as double) - owned_units - free_units, 0)") }} as payable_amount,
    {{ quantity("free_units * " ~ hours_per_month()) }} as free_unit_hours
from uncovered
