{# Two parts, so that what asks for lines of one family need not read those of the other. #}
{%- set net_costs = [
    "net_unblended_cost_usd",
    "net_reservation_effective_cost_usd",
    "net_savings_plan_effective_cost_usd",
    "net_reservation_unused_recurring_fee_usd",
    "net_reservation_unused_amortized_upfront_fee_usd",
    "net_savings_plan_recurring_commitment_usd",
    "net_savings_plan_amortized_upfront_commitment_usd",
] -%}
with
    discounted_months as (select * from {{ ref("stg_billing__discounted_months") }}),

    cur_lines as (
        select
            lines.* replace (
                {% for cost in net_costs %}
                    case
                        when discounted_months.export_name is not null then lines.{{ cost }}
                    end as {{ cost }} {{ "," if not loop.last }}
                {% endfor %}
            ),
            false as is_focus,
            lines.line_item_type as line_type,
            'charge' as part,
            coalesce(nullif(lines.reservation_arn, ''), nullif(lines.savings_plan_arn, '')) as commitment_arn
        from {{ ref("stg_billing__lines") }} as lines
        left join
            discounted_months
            on lines.payer_account_id = discounted_months.payer_account_id
            and lines.export_name = discounted_months.export_name
            and lines.billing_month = discounted_months.billing_month
        where lines.line_item_type is not null
    ),

    focus_lines as (
        select
            *,
            true as is_focus,
            nullif(commitment_discount_id, '') as commitment_arn,
            commitment_discount_category = 'Spend'
            or lower(commitment_discount_type) like '%saving%' as is_of_plan,
            charge_category = 'Usage' and commitment_discount_status = 'Unused' as is_unused
        from {{ ref("stg_billing__lines") }}
        where line_item_type is null
    ),

    translated_lines as (
        select
            * exclude (is_of_plan, is_unused),
            case
                when charge_category = 'Tax'
                then 'Tax'
                when charge_category = 'Adjustment' or charge_class = 'Correction'
                then 'Refund'
                when charge_category = 'Credit'
                then 'Credit'
                when commitment_arn is null
                then case when charge_category = 'Purchase' then 'Fee' else 'Usage' end
                when charge_category = 'Purchase' and charge_frequency = 'One-Time'
                then case when is_of_plan then 'SavingsPlanUpfrontFee' else 'Fee' end
                when charge_category = 'Purchase' or is_unused
                then case when is_of_plan then 'SavingsPlanRecurringFee' else 'RIFee' end
                when is_of_plan
                then 'SavingsPlanCoveredUsage'
                else 'DiscountedUsage'
            end as line_type,
            case when is_unused then 'unused' else 'charge' end as part
        from focus_lines
    ),

    typed_lines as (
        select *
        from cur_lines
        union all by name
        select *
        from translated_lines
    )

select
    *,
    line_type in ('RIFee', 'SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee')
    or (
        line_type = 'Fee' and (commitment_arn is not null or usage_type like '%HeavyUsage:dynamodb.%')
    ) as is_fee_of_commitment
from typed_lines
