-- Whoever adds the rows up must come to the invoice. Worked out here from the lines as they were delivered,
-- without the models between.
{{ config(tags=["whole_build"]) }}

with
    months as (select * from {{ ref("int_billing__exports_chosen") }}),

    delivered_lines as (
        select lines.*
        from {{ ref("stg_billing__lines") }} as lines
        semi join
            months
            on lines.payer_account_id = months.payer_account_id
            and lines.export_name = months.export_name
            and lines.billing_month = months.billing_month
    ),

    net_months as (
        select distinct payer_account_id, billing_month from delivered_lines where net_unblended_cost_usd <> 0
    ),

    -- Net columns full of zeros say nothing.
    lines as (
        select
            delivered_lines.* replace (
                {% for cost in [
                    "net_unblended_cost_usd",
                    "net_reservation_effective_cost_usd",
                    "net_savings_plan_effective_cost_usd",
                    "net_reservation_unused_recurring_fee_usd",
                    "net_reservation_unused_amortized_upfront_fee_usd",
                ] %}
                    case
                        when net_months.payer_account_id is not null then delivered_lines.{{ cost }}
                    end as {{ cost }} {{ "," if not loop.last }}
                {% endfor %}
            )
        from delivered_lines
        left join
            net_months
            on delivered_lines.payer_account_id = net_months.payer_account_id
            and delivered_lines.billing_month = net_months.billing_month
    ),

    plans as (select * from {{ ref("stg_billing__plans") }}),

    costs as (
        select
            lines.payer_account_id,
            lines.billing_month,
            lines.currency,
            case
                when lines.billed_cost_usd is not null
                then lines.billed_cost_usd
                when lines.net_unblended_cost_usd is null and lines.line_item_type like '%Discount'
                then case when net_months.payer_account_id is null then lines.unblended_cost_usd else 0 end
                else coalesce(lines.net_unblended_cost_usd, lines.unblended_cost_usd)
            end as net_cost,
            case
                when lines.billed_cost_usd is not null and lines.commitment_discount_id is not null
                then lines.effective_cost_usd
                when lines.billed_cost_usd is not null
                then coalesce(nullif(lines.effective_cost_usd, 0), lines.billed_cost_usd)
                when lines.line_item_type in ('SavingsPlanNegation', 'SavingsPlanUpfrontFee')
                then 0
                when lines.line_item_type = 'Fee' and lines.reservation_arn is not null
                then 0
                when lines.line_item_type = 'DiscountedUsage'
                then coalesce(lines.net_reservation_effective_cost_usd, lines.reservation_effective_cost_usd)
                when lines.line_item_type = 'SavingsPlanCoveredUsage'
                then
                    coalesce(lines.net_savings_plan_effective_cost_usd, lines.savings_plan_effective_cost_usd)
                when lines.line_item_type = 'RIFee'
                then
                    coalesce(
                        lines.net_reservation_unused_recurring_fee_usd
                        + lines.net_reservation_unused_amortized_upfront_fee_usd,
                        lines.reservation_unused_recurring_fee_usd
                        + lines.reservation_unused_amortized_upfront_fee_usd,
                        0
                    )
                when lines.line_item_type = 'SavingsPlanRecurringFee'
                then
                    cast(
                        lines.savings_plan_total_commitment_usd
                        - lines.savings_plan_used_commitment_usd as double
                    )
                    * coalesce(lines.net_unblended_cost_usd / nullif(lines.unblended_cost_usd, 0), 1)
                when lines.net_unblended_cost_usd is null and lines.line_item_type like '%Discount'
                then case when net_months.payer_account_id is null then lines.unblended_cost_usd else 0 end
                else coalesce(lines.net_unblended_cost_usd, lines.unblended_cost_usd)
            end as amortized_cost,
            case
                when lines.line_item_type in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
                then lines.public_on_demand_cost_usd
                when lines.charge_category = 'Usage' and lines.charge_class is null
                then lines.list_cost_usd
            end as list_cost,
            coalesce(lines.line_item_type, '') <> 'SavingsPlanNegation' as is_kept
        from lines
        left join
            plans on coalesce(lines.savings_plan_arn, lines.commitment_discount_id) = plans.commitment_arn
        left join
            net_months
            on lines.payer_account_id = net_months.payer_account_id
            and lines.billing_month = net_months.billing_month
        where
            lines.product_code = 'AmazonDynamoDB'
            or (
                plans.commitment_arn is not null
                and coalesce(lines.line_item_type, '')
                not in ('SavingsPlanCoveredUsage', 'SavingsPlanNegation')
                and coalesce(lines.commitment_discount_status, '') <> 'Used'
            )
    ),

    billed as (
        select
            payer_account_id,
            billing_month,
            currency,
            sum(net_cost) as net_cost,
            sum(amortized_cost) as amortized_cost,
            coalesce(sum(list_cost), 0) as list_cost
        from costs
        group by payer_account_id, billing_month, currency
    ),

    of_tables as (
        select
            payer_account_id,
            billing_month,
            currency,
            sum(net_cost) as net_cost,
            sum(amortized_cost) as amortized_cost,
            coalesce(sum(list_cost), 0) as list_cost,
            sum(line_count) as line_count
        from {{ ref("fct_dynamodb_costs") }}
        group by payer_account_id, billing_month, currency
    ),

    of_accounts as (
        select
            payer_account_id,
            billing_month,
            currency,
            sum(net_cost) as net_cost,
            sum(amortized_cost) as amortized_cost,
            coalesce(sum(list_cost), 0) as list_cost,
            sum(line_count) as line_count
        from {{ ref("account_costs") }}
        group by payer_account_id, billing_month, currency
    )

select
    billed.payer_account_id,
    billed.billing_month,
    billed.currency,
    billed.net_cost as billed_net_cost,
    of_tables.net_cost as net_cost_of_tables
from billed
full join
    of_tables
    on billed.payer_account_id = of_tables.payer_account_id
    and billed.billing_month = of_tables.billing_month
    and billed.currency is not distinct from of_tables.currency
full join
    of_accounts
    on billed.payer_account_id = of_accounts.payer_account_id
    and billed.billing_month = of_accounts.billing_month
    and billed.currency is not distinct from of_accounts.currency
where
    billed.net_cost is distinct from of_tables.net_cost
    or billed.net_cost is distinct from of_accounts.net_cost
    or billed.list_cost is distinct from of_tables.list_cost
    or billed.list_cost is distinct from of_accounts.list_cost
    -- Unused commitment after discounts is a quotient.
    or abs(billed.amortized_cost - of_tables.amortized_cost) > 0.0000001 * of_tables.line_count
    or abs(billed.amortized_cost - of_accounts.amortized_cost) > 0.0000001 * of_accounts.line_count
    or (billed.amortized_cost is null) <> (of_tables.amortized_cost is null)
    or of_tables.line_count is distinct from of_accounts.line_count
