{# A table: few rows, that take several passes over all lines to find. #}
{{ config(materialized="table") }}

with
    months as (select * from {{ ref("stg_billing__exported_months") }}),

    -- Fees of plans come under the plan's own product code, and are those of all that the plan covers. A
    -- discount is a line of its own, unless the net columns of the other lines contain it.
    fee_and_discount_lines as (
        select
            lines.*,
            lines.unblended_cost_usd as unblended_cost,
            case
                when lines.net_unblended_cost_usd is not null
                then lines.net_unblended_cost_usd
                when lines.line_type like '%Discount' and months.has_net_costs
                then 0
                else coalesce(lines.billed_cost_usd, lines.unblended_cost_usd)
            end as net_cost,
            case
                when lines.is_fee_of_commitment
                then 0
                when lines.net_unblended_cost_usd is not null
                then lines.net_unblended_cost_usd
                when lines.line_type like '%Discount' and months.has_net_costs
                then 0
                else coalesce(lines.billed_cost_usd, lines.unblended_cost_usd)
            end as amortized_cost
        from {{ ref("stg_billing__typed_lines") }} as lines
        left join
            months
            on lines.payer_account_id = months.payer_account_id
            and lines.export_name = months.export_name
            and lines.billing_month = months.billing_month
        left join {{ ref("stg_billing__plans") }} as plans on lines.commitment_arn = plans.commitment_arn
        where
            lines.part = 'charge'
            and lines.line_type not in ('SavingsPlanNegation', 'SavingsPlanCoveredUsage')
            and (
                (lines.product_code = 'AmazonDynamoDB' and lines.line_type like '%Discount')
                or (lines.product_code is distinct from 'AmazonDynamoDB' and plans.commitment_arn is not null)
            )
    ),

    -- What does not cancel out stays, on the first line that should have.
    remaining_lines as (
        select
            lines.* replace ('SavingsPlanNegation' as line_type),
            negations.remaining_unblended_cost as unblended_cost,
            negations.remaining_net_cost as net_cost,
            0 as amortized_cost
        from {{ ref("stg_billing__typed_lines") }} as lines
        inner join
            {{ ref("stg_billing__negations") }} as negations
            on lines.payer_account_id = negations.payer_account_id
            and lines.export_name = negations.export_name
            and lines.billing_month = negations.billing_month
            and lines.file_key = negations.file_key
            and lines.row_number = negations.row_number
        where
            lines.line_item_type = 'SavingsPlanNegation'
            and (negations.remaining_unblended_cost <> 0 or negations.remaining_net_cost <> 0)
    ),

    -- Of a fee, what nobody used. FOCUS has a row of its own for it.
    unused_lines as (
        select
            lines.* replace (
                'unused' as part,
                case
                    when lines.is_focus
                    then lines.usage_amount
                    else cast(lines.reservation_unused_quantity as decimal(28, 12))
                end as usage_amount
            ),
            case when not lines.is_focus then 0 end as unblended_cost,
            coalesce(lines.billed_cost_usd, 0) as net_cost,
            case
                when lines.is_focus
                then lines.effective_cost_usd
                when lines.line_type = 'RIFee'
                then
                    coalesce(
                        lines.net_reservation_unused_recurring_fee_usd,
                        lines.reservation_unused_recurring_fee_usd,
                        0
                    ) + coalesce(
                        lines.net_reservation_unused_amortized_upfront_fee_usd,
                        lines.reservation_unused_amortized_upfront_fee_usd,
                        0
                    )
                -- What is net is stated of the whole commitment only.
                else
                    (
                        lines.savings_plan_total_commitment_usd - lines.savings_plan_used_commitment_usd
                    ) * coalesce(
                        (
                            lines.net_savings_plan_recurring_commitment_usd
                            + lines.net_savings_plan_amortized_upfront_commitment_usd
                        ) / nullif(
                            lines.savings_plan_recurring_commitment_usd
                            + lines.savings_plan_amortized_upfront_commitment_usd,
                            0
                        ),
                        1
                    )
            end as amortized_cost
        from {{ ref("stg_billing__typed_lines") }} as lines
        left join {{ ref("stg_billing__plans") }} as plans on lines.commitment_arn = plans.commitment_arn
        where
            (
                lines.line_item_type in ('RIFee', 'SavingsPlanRecurringFee')
                or (lines.is_focus and lines.part = 'unused')
            )
            and (lines.product_code = 'AmazonDynamoDB' or plans.commitment_arn is not null)
    ),

    lines as (
        select *
        from fee_and_discount_lines
        union all
        select *
        from remaining_lines
        union all
        select *
        from unused_lines
        where amortized_cost <> 0 or net_cost <> 0
    )

select
    * replace (
        {{ usd("unblended_cost") }} as unblended_cost,
        {{ usd("net_cost") }} as net_cost,
        {{ usd("amortized_cost") }} as amortized_cost
    )
from lines
