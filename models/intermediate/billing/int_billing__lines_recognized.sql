{# A view: the lines of a large organisation are tens of millions, and what reads them adds them up at once. #}
{{ config(materialized="view") }}

with
    lines as (
        select *
        from {{ ref("stg_billing__lines") }}
        -- Other products have usage types of the same names. Lines of tax have those of what is taxed.
        where
            product_code = 'AmazonDynamoDB'
            and line_item_type in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
            and usage_end_at <= {{ as_of() }}
    ),

    usage_types as (select * from {{ ref("int_billing__usage_types_recognized") }}),

    -- arn:aws:dynamodb:REGION:ACCOUNT:table/NAME; indexes are billed with their table.
    located_lines as (select *, split_part(resource_id, ':', 6) as resource_path from lines)

select
    located_lines.payer_account_id,
    located_lines.export_name,
    located_lines.billing_month,
    coalesce(
        nullif(split_part(located_lines.resource_id, ':', 5), ''), located_lines.usage_account_id
    ) as account_id,
    coalesce(nullif(split_part(located_lines.resource_id, ':', 4), ''), located_lines.region) as region,
    case
        when located_lines.resource_path like 'table/%' then split_part(located_lines.resource_path, '/', 2)
    end as table_name,
    usage_types.price_key,
    usage_types.component,
    usage_types.billing_mode,
    usage_types.table_class,
    case
        when located_lines.line_item_type = 'DiscountedUsage'
        then 'reserved'
        when located_lines.line_item_type = 'SavingsPlanCoveredUsage'
        then 'plan'
        else 'none'
    end as coverage,
    located_lines.usage_start_at,
    located_lines.usage_end_at,
    located_lines.usage_amount,
    located_lines.currency,
    located_lines.unblended_rate,
    located_lines.unblended_cost_usd,
    located_lines.net_unblended_cost_usd,
    case
        when located_lines.line_item_type = 'DiscountedUsage'
        then
            coalesce(
                located_lines.net_reservation_effective_cost_usd, located_lines.reservation_effective_cost_usd
            )
        when located_lines.line_item_type = 'SavingsPlanCoveredUsage'
        then
            coalesce(
                located_lines.net_savings_plan_effective_cost_usd,
                located_lines.savings_plan_effective_cost_usd
            )
        else coalesce(located_lines.net_unblended_cost_usd, located_lines.unblended_cost_usd)
    end as amortized_cost_usd,
    case
        when located_lines.line_item_type = 'DiscountedUsage'
        then located_lines.reservation_arn
        when located_lines.line_item_type = 'SavingsPlanCoveredUsage'
        then located_lines.savings_plan_arn
    end as commitment_arn
from located_lines
inner join usage_types on located_lines.usage_type = usage_types.usage_type
