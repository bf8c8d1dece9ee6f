{# A view: what reads it adds the fees up at once. #}
{{ config(materialized="view") }}

with
    exports as (select * from {{ ref("int_billing__exports_chosen") }}),

    lines as (
        select
            lines.*,
            lines.line_type like 'SavingsPlan%' as is_fee_of_plan,
            -- What FOCUS bills of a fee has the discounts in it.
            coalesce(lines.unblended_cost_usd, lines.billed_cost_usd) as fee_usd
        from {{ ref("stg_billing__typed_lines") }} as lines
        semi join
            exports
            on lines.payer_account_id = exports.payer_account_id
            and lines.export_name = exports.export_name
            and lines.billing_month = exports.billing_month
        where
            lines.is_fee_of_commitment
            and lines.part = 'charge'
            and lines.usage_start_at <= {{ as_of() }}
            and lines.usage_end_at > lines.usage_start_at
    ),

    plans as (select * from {{ ref("stg_billing__plans") }}),

    fees as (
        select
            *,
            'reserved' as kind,
            coalesce(commitment_arn, '') as arn,
            region as region_reserved,
            case when usage_type like '%.read' then 'read' else 'write' end as dimension,
            line_type = 'RIFee' as is_recurring,
            fee_usd as committed_usd,
            reservation_start_at as starts_at,
            reservation_end_at as ends_at,
            cast(null as {{ dbt.type_string() }}) as payment_option,
            cast(null as {{ dbt.type_string() }}) as purchase_term
        from lines
        where
            not is_fee_of_plan
            and product_code = 'AmazonDynamoDB'
            and (usage_type like '%HeavyUsage:dynamodb.read' or usage_type like '%HeavyUsage:dynamodb.write')
        union all by name
        select
            lines.*,
            'savings_plan' as kind,
            lines.commitment_arn as arn,
            lines.line_type = 'SavingsPlanRecurringFee' as is_recurring,
            coalesce(lines.savings_plan_total_commitment_usd, lines.fee_usd) as committed_usd,
            lines.savings_plan_start_at as starts_at,
            lines.savings_plan_end_at as ends_at,
            lines.savings_plan_payment_option as payment_option,
            lines.savings_plan_purchase_term as purchase_term
        from lines
        semi join plans on lines.commitment_arn = plans.commitment_arn
        where lines.is_fee_of_plan
    )

select
    {{ surrogate_key(["payer_account_id", "export_name", "billing_month", "file_key", "row_number"]) }}
    as fee_key,
    {{
        surrogate_key(
            [
                "payer_account_id",
                "kind",
                "arn",
                "region_reserved",
                "dimension",
            ]
        )
    }} as commitment_key,
    payer_account_id,
    billing_month,
    kind,
    arn as commitment_arn,
    coalesce(nullif(split_part(arn, ':', 5), ''), usage_account_id) as owner_account_id,
    region_reserved as region,
    dimension,
    is_recurring,
    usage_start_at as charged_from_at,
    usage_end_at as charged_until_at,
    {{ hours_between("usage_start_at", "usage_end_at") }} as hours,
    {{ quantity("coalesce(usage_amount, pricing_quantity)") }} as amount,
    fee_usd,
    net_unblended_cost_usd as net_fee_usd,
    committed_usd,
    savings_plan_used_commitment_usd as used_usd,
    starts_at,
    ends_at,
    payment_option,
    purchase_term
from fees
