with
    lines as (
        select
            * exclude (commitment_discount_id),
            nullif(commitment_discount_id, '') as commitment_discount_id,
            coalesce(format, '') like 'focus%' as is_focus,
            commitment_discount_category = 'Spend'
            or lower(commitment_discount_type) like '%saving%' as is_of_plan
        from {{ ref("stg_billing__lines") }}
    ),

    typed_lines as (
        select
            *,
            case
                when not is_focus
                then line_item_type
                when charge_category = 'Tax'
                then 'Tax'
                when charge_category = 'Adjustment' or charge_class = 'Correction'
                then 'Refund'
                when charge_category = 'Credit'
                then 'Credit'
                when commitment_discount_id is null
                then case when charge_category = 'Purchase' then 'Fee' else 'Usage' end
                when charge_category = 'Purchase' and charge_frequency = 'One-Time'
                then case when is_of_plan then 'SavingsPlanUpfrontFee' else 'Fee' end
                when charge_category = 'Purchase' or commitment_discount_status = 'Unused'
                then case when is_of_plan then 'SavingsPlanRecurringFee' else 'RIFee' end
                when is_of_plan
                then 'SavingsPlanCoveredUsage'
                else 'DiscountedUsage'
            end as line_type,
            case
                when is_focus and charge_category = 'Usage' and commitment_discount_status = 'Unused'
                then 'unused'
                else 'charge'
            end as part,
            coalesce(
                nullif(reservation_arn, ''), nullif(savings_plan_arn, ''), commitment_discount_id
            ) as commitment_arn
        from lines
    )

select
    *,
    line_type in ('RIFee', 'SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee')
    or (
        line_type = 'Fee' and (commitment_arn is not null or usage_type like '%HeavyUsage:dynamodb.%')
    ) as is_fee_of_commitment
from typed_lines
