{# A table: the lines of a large organisation are tens of millions, their usage types a few dozen. #}
{{ config(materialized="table") }}

with
    usage_types as (
        select distinct usage_type from {{ ref("stg_billing__lines") }} where product_code = 'AmazonDynamoDB'
    ),

    -- A region's code stands before the name, two of them where bytes go from one region to another: EU-,
    -- USW2-, USE1-EUC1-. A word that is none (IA-) belongs to the name.
    names as (
        select
            usage_type,
            regexp_replace(usage_type, '^((EU|[A-Z]{2,4}[0-9]{1,2})-){0,2}', '') as usage_type_of_all_regions
        from usage_types
    ),

    known_types as (select * from {{ ref("billed_usage_types") }}),

    attributes as (select * from {{ ref("price_attributes") }} where term_type = 'OnDemand')

select
    names.usage_type,
    known_types.component,
    known_types.price_key,
    attributes.billing_mode,
    attributes.table_class,
    known_types.unit
from names
inner join known_types on names.usage_type_of_all_regions = known_types.usage_type
left join attributes on known_types.price_key = attributes.price_key
