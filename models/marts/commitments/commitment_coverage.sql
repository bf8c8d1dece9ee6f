with
    sums as (
        select *
        from {{ ref("int_commitments__usage_summed") }}
        where part = 'charge' and price_key is not null
    ),

    attributes as (select * from {{ ref("price_attributes") }} where term_type = 'OnDemand'),

    prices as (select * from {{ ref("int_prices__in_force") }}),

    pools as (
        select
            payer_account_id,
            region,
            price_key,
            billing_month,
            {{ quantity("sum(amount)") }} as eligible_amount,
            {{ quantity("coalesce(sum(case when coverage = 'reserved' then amount end), 0)") }}
            as reserved_amount,
            {{ quantity("coalesce(sum(case when coverage = 'plan' then amount end), 0)") }} as plan_amount,
            {{ quantity("coalesce(sum(case when is_free then amount end), 0)") }} as free_amount,
            {{ quantity("coalesce(sum(case when coverage = 'none' and not is_free then amount end), 0)") }}
            as uncovered_amount
        from sums
        group by payer_account_id, region, price_key, billing_month
    )

select
    {{ surrogate_key(["pools.payer_account_id", "pools.region", "pools.price_key", "pools.billing_month"]) }}
    as coverage_key,
    pools.payer_account_id,
    pools.region,
    pools.price_key as pool,
    attributes.component,
    attributes.billing_mode,
    attributes.table_class,
    pools.price_key in ('provisioned.read.standard', 'provisioned.write.standard') as is_reservable,
    pools.billing_month,
    attributes.unit,
    pools.eligible_amount,
    pools.reserved_amount,
    pools.plan_amount,
    pools.free_amount,
    pools.uncovered_amount,
    {% for part in ["eligible", "reserved", "plan", "uncovered"] %}
        {{ usd("pools." ~ part ~ "_amount * prices.price_usd") }} as {{ part }}_list_usd,
    {% endfor %}
    100
    * cast(pools.reserved_amount + pools.plan_amount as double)
    / nullif(cast(pools.eligible_amount as double), 0) as coverage_pct
from pools
inner join attributes on pools.price_key = attributes.price_key
left join prices on pools.region = prices.region and pools.price_key = prices.price_key
