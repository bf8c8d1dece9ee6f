with
    prices as (
        select *
        from {{ ref("int_prices__validity_united") }}
        where valid_from <= {{ as_of() }} and (valid_to is null or valid_to > {{ as_of() }})
    ),

    attributes as (select * from {{ ref("price_attributes") }} where term_type = 'OnDemand'),

    regions as (select distinct region from {{ ref("int_prices__validity_united") }}),

    -- The last tier is the one that is paid; the tier before it, at no charge, is the free tier. A last tier
    -- that costs nothing is a mistake of the list, and counts as missing.
    paid_tiers as (select * from prices where end_range is null and price_usd > 0)

select
    {{ surrogate_key(["regions.region", "attributes.price_key"]) }} as region_price_key,
    regions.region,
    attributes.price_key,
    attributes.component,
    attributes.billing_mode,
    attributes.table_class,
    paid_tiers.price_usd,
    paid_tiers.source as price_source,
    paid_tiers.effective_on as price_effective_on
from regions
cross join attributes
left join paid_tiers on regions.region = paid_tiers.region and attributes.price_key = paid_tiers.price_key
