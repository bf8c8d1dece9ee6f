with
    usage_types as (
        select distinct usage_type from {{ ref("stg_billing__lines") }} where product_code = 'AmazonDynamoDB'
    ),

    attributes as (select * from {{ ref("price_attributes") }} where term_type = 'OnDemand'),

    -- Before the name stands nothing or a region's code. `IA` looks like one, so that the longer match wins.
    -- The operation adds nothing: it is the same for both classes, and the usage type tells the modes apart.
    matches as (
        select
            usage_types.usage_type,
            attributes.price_key,
            attributes.component,
            attributes.billing_mode,
            attributes.table_class,
            row_number() over (
                partition by usage_types.usage_type order by length(attributes.usage_type) desc
            ) as match_rank
        from usage_types
        inner join
            attributes
            on usage_types.usage_type = attributes.usage_type
            or (
                usage_types.usage_type like concat('%-', attributes.usage_type)
                and usage_types.usage_type not like concat('%-%-', attributes.usage_type)
            )
    )

select usage_type, price_key, component, billing_mode, table_class
from matches
where match_rank = 1
