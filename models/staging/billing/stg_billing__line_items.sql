{# A view, since it is tens of millions of lines in large organisations and what reads it adds them up at once.
   For the same reason its parts read the lines by themselves: a step that two others read would be held in
   memory as a whole. #}
with
    usage_types as (select * from {{ ref("stg_billing__usage_types") }}),

    plain_lines as (
        select
            *,
            unblended_cost_usd as unblended_cost,
            coalesce(billed_cost_usd, net_unblended_cost_usd, unblended_cost_usd) as net_cost,
            case
                when is_fee_of_commitment
                then 0
                when line_type = 'DiscountedUsage' and not is_focus
                then coalesce(net_reservation_effective_cost_usd, reservation_effective_cost_usd)
                when commitment_arn is not null and is_focus
                then effective_cost_usd
                -- An effective cost may be 0 where something is billed.
                else
                    coalesce(
                        nullif(effective_cost_usd, 0),
                        billed_cost_usd,
                        net_unblended_cost_usd,
                        unblended_cost_usd
                    )
            end as amortized_cost
        from {{ ref("stg_billing__typed_lines") }}
        where
            product_code = 'AmazonDynamoDB'
            and part = 'charge'
            and line_type <> 'SavingsPlanNegation'
            and line_type not like '%Discount'
            and (is_focus or line_type <> 'SavingsPlanCoveredUsage')
    ),

    -- What a plan covers is charged at the price without the plan, and taken off again by lines that name no
    -- resource, one for all tables of an account. The two are one fact: usage that costs nothing but the fee.
    covered_lines as (
        select
            lines.*,
            case
                when negations.export_name is null then lines.unblended_cost_usd else 0
            end as unblended_cost,
            case
                when negations.export_name is null
                then coalesce(lines.net_unblended_cost_usd, lines.unblended_cost_usd)
                else 0
            end as net_cost,
            coalesce(
                lines.net_savings_plan_effective_cost_usd, lines.savings_plan_effective_cost_usd
            ) as amortized_cost
        from {{ ref("stg_billing__typed_lines") }} as lines
        left join
            {{ ref("stg_billing__negations") }} as negations
            on lines.payer_account_id = negations.payer_account_id
            and lines.export_name = negations.export_name
            and lines.billing_month = negations.billing_month
            and lines.usage_account_id is not distinct from negations.usage_account_id
            and lines.usage_type is not distinct from negations.usage_type
            and lines.savings_plan_arn is not distinct from negations.savings_plan_arn
        where lines.product_code = 'AmazonDynamoDB' and lines.line_item_type = 'SavingsPlanCoveredUsage'
    ),

    lines as (
        select *
        from plain_lines
        union all
        select *
        from covered_lines
        union all
        select *
        from {{ ref("stg_billing__settled_lines") }}
    ),

    -- arn:aws:dynamodb:REGION:ACCOUNT:table/NAME, and after it what belongs to the table: an index, a stream,
    -- a backup, an export.
    located_lines as (
        select
            *,
            split_part(resource_id, ':', 6) as resource_path,
            line_type in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage') as is_usage,
            is_fee_of_commitment and line_type not like 'SavingsPlan%' as is_fee_of_reservation
        from lines
    )

select
    {{
        surrogate_key(
            [
                "lines.payer_account_id",
                "lines.export_name",
                "lines.billing_month",
                "lines.file_key",
                "lines.row_number",
                "lines.part",
            ]
        )
    }} as line_item_key,
    lines.payer_account_id,
    lines.export_name,
    lines.billing_month,
    lines.file_key,
    lines.row_number,
    lines.part,
    lines.format,
    lines.product_code,
    coalesce(nullif(split_part(lines.resource_id, ':', 5), ''), lines.usage_account_id) as account_id,
    coalesce(
        nullif(split_part(lines.resource_id, ':', 4), ''), nullif(nullif(lines.region, ''), 'global')
    ) as region,
    nullif(lines.resource_id, '') as resource_id,
    case
        when lines.resource_path like 'table/%' or lines.resource_path like 'global-table/%'
        then split_part(lines.resource_path, '/', 2)
    end as table_name,
    case
        when lines.line_type = 'Tax'
        then 'tax'
        when lines.line_type in ('Credit', 'Refund')
        then 'credit'
        when lines.line_type like '%Discount'
        then 'discount'
        when lines.is_fee_of_commitment
        then 'commitment'
        else coalesce(usage_types.component, 'other')
    end as component,
    case when lines.is_usage then usage_types.table_class end as table_class,
    case when lines.is_usage then usage_types.billing_mode end as billing_mode,
    case when lines.is_usage then usage_types.price_key end as price_key,
    lines.line_type,
    case
        when lines.line_type = 'DiscountedUsage'
        then 'reserved'
        when lines.line_type = 'SavingsPlanCoveredUsage'
        then 'plan'
        else 'none'
    end as coverage,
    lines.usage_type,
    nullif(lines.operation, '') as operation,
    case
        when lines.is_usage
        then coalesce(usage_types.unit, nullif(lines.pricing_unit, ''))
        when lines.is_fee_of_reservation
        then case when lines.line_type = 'Fee' then 'Quantity' else usage_types.unit end
    end as unit,
    case
        when lines.is_usage or lines.is_fee_of_reservation
        then coalesce(lines.usage_amount, cast(lines.pricing_quantity as decimal(28, 12)))
    end as quantity,
    case
        when lines.is_usage then coalesce(lines.list_cost_usd, lines.public_on_demand_cost_usd) else 0
    end as list_cost,
    {{ usd("lines.unblended_cost") }} as unblended_cost,
    {{ usd("lines.net_cost") }} as net_cost,
    {{ usd("lines.amortized_cost") }} as amortized_cost,
    lines.currency,
    lines.usage_start_at,
    lines.usage_end_at,
    lines.commitment_arn,
    lines.unblended_rate,
    lines.description
from located_lines as lines
left join usage_types on lines.usage_type = usage_types.usage_type
