-- Lines that are in the export and in no cost would be missed by nobody as long as they are cheap. Negations
-- are folded with what they cancel out, unused commitment of nothing is no fact, and plans of other services
-- are not DynamoDB's.
{{ config(tags=["whole_build"]) }}

with
    months as (select * from {{ ref("int_billing__exports_chosen") }}),

    plans as (select * from {{ ref("stg_billing__plans") }}),

    delivered as (
        select lines.payer_account_id, lines.billing_month, count(*) as line_count
        from {{ ref("stg_billing__typed_lines") }} as lines
        semi join
            months
            on lines.payer_account_id = months.payer_account_id
            and lines.export_name = months.export_name
            and lines.billing_month = months.billing_month
        left join plans on lines.commitment_arn = plans.commitment_arn
        where
            lines.line_type <> 'SavingsPlanNegation'
            and (
                lines.product_code = 'AmazonDynamoDB'
                or (plans.commitment_arn is not null and lines.line_type <> 'SavingsPlanCoveredUsage')
            )
            and (lines.part = 'charge' or lines.effective_cost_usd <> 0 or lines.billed_cost_usd <> 0)
        group by lines.payer_account_id, lines.billing_month
    ),

    costed as (
        select
            payer_account_id,
            billing_month,
            count(
                case
                    when
                        line_type <> 'SavingsPlanNegation'
                        and (part = 'charge' or coalesce(format, '') like 'focus%')
                    then 1
                end
            ) as line_count,
            count(*) as row_count
        from {{ ref("int_billing__lines_chosen") }}
        group by payer_account_id, billing_month
    ),

    added_up as (
        select payer_account_id, billing_month, sum(line_count) as row_count
        from {{ ref("fct_dynamodb_costs") }}
        group by payer_account_id, billing_month
    )

select
    delivered.payer_account_id,
    delivered.billing_month,
    delivered.line_count as delivered_lines,
    costed.line_count as costed_lines,
    costed.row_count as costed_rows,
    added_up.row_count as added_rows
from delivered
full join
    costed
    on delivered.payer_account_id = costed.payer_account_id
    and delivered.billing_month = costed.billing_month
full join
    added_up
    on delivered.payer_account_id = added_up.payer_account_id
    and delivered.billing_month = added_up.billing_month
where
    delivered.line_count is distinct from costed.line_count
    or costed.row_count is distinct from added_up.row_count
