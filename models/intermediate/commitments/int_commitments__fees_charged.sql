{# A view: what reads it adds the fees up at once. #}
{{ config(materialized="view") }}

with
    -- Two exports of one payer tell the same fees twice.
    exports as (select distinct payer_account_id, export_name from {{ ref("int_billing__months_chosen") }}),

    lines as (
        select lines.*
        from {{ ref("stg_billing__lines") }} as lines
        semi join
            exports
            on lines.payer_account_id = exports.payer_account_id
            and lines.export_name = exports.export_name
        where lines.usage_start_at <= {{ as_of() }} and lines.usage_end_at > lines.usage_start_at
    ),

    -- A plan may be for other services alone. That it covers a table tells, or that it is for databases.
    plans_of_tables as (
        select distinct payer_account_id, savings_plan_arn
        from lines
        where
            savings_plan_arn is not null
            and (
                (product_code = 'AmazonDynamoDB' and line_item_type = 'SavingsPlanCoveredUsage')
                or savings_plan_offering_type like '%Database%'
            )
    ),

    fees as (
        select
            *,
            'reserved' as kind,
            coalesce(reservation_arn, '') as commitment_arn,
            case when usage_type like '%.read' then 'read' else 'write' end as dimension,
            line_item_type = 'RIFee' as is_recurring,
            unblended_cost_usd as committed_usd,
            cast(null as decimal(28, 10)) as used_usd,
            coalesce(
                net_reservation_unused_recurring_fee_usd + net_reservation_unused_amortized_upfront_fee_usd,
                reservation_unused_recurring_fee_usd + reservation_unused_amortized_upfront_fee_usd
            ) as unused_usd,
            reservation_start_at as starts_at,
            reservation_end_at as ends_at,
            cast(null as {{ dbt.type_string() }}) as payment_option,
            cast(null as {{ dbt.type_string() }}) as purchase_term
        from lines
        where
            product_code = 'AmazonDynamoDB'
            and line_item_type in ('RIFee', 'Fee')
            and (usage_type like '%HeavyUsage:dynamodb.read' or usage_type like '%HeavyUsage:dynamodb.write')
        union all by name
        select
            lines.*,
            'savings_plan' as kind,
            lines.savings_plan_arn as commitment_arn,
            lines.line_item_type = 'SavingsPlanRecurringFee' as is_recurring,
            coalesce(lines.savings_plan_total_commitment_usd, lines.unblended_cost_usd) as committed_usd,
            lines.savings_plan_used_commitment_usd as used_usd,
            lines.savings_plan_total_commitment_usd - lines.savings_plan_used_commitment_usd as unused_usd,
            lines.savings_plan_start_at as starts_at,
            lines.savings_plan_end_at as ends_at,
            lines.savings_plan_payment_option as payment_option,
            lines.savings_plan_purchase_term as purchase_term
        from lines
        semi join
            plans_of_tables
            on lines.payer_account_id = plans_of_tables.payer_account_id
            and lines.savings_plan_arn = plans_of_tables.savings_plan_arn
        where lines.line_item_type in ('SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee')
    )

select
    {{ surrogate_key(["payer_account_id", "export_name", "billing_month", "file_key", "row_number"]) }}
    as fee_key,
    {{
        surrogate_key(
            [
                "payer_account_id",
                "kind",
                "commitment_arn",
                "case when kind = 'reserved' then region end",
                "dimension",
            ]
        )
    }} as commitment_key,
    payer_account_id,
    billing_month,
    kind,
    commitment_arn,
    coalesce(nullif(split_part(commitment_arn, ':', 5), ''), usage_account_id) as owner_account_id,
    case when kind = 'reserved' then region end as region,
    dimension,
    is_recurring,
    usage_start_at as charged_from_at,
    usage_end_at as charged_until_at,
    {{ hours_between("usage_start_at", "usage_end_at") }} as hours,
    {{ quantity("usage_amount") }} as amount,
    unblended_cost_usd as fee_usd,
    net_unblended_cost_usd as net_fee_usd,
    committed_usd,
    used_usd,
    unused_usd,
    starts_at,
    ends_at,
    payment_option,
    purchase_term
from fees
