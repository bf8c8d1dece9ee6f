{# A table: one pass over all lines, whose outcome every part of their one shape needs. #}
{{ config(materialized="table") }}

with
    lines as (
        select
            payer_account_id,
            export_name,
            billing_month,
            format,
            usage_account_id,
            usage_start_at,
            net_unblended_cost_usd is not null as has_net_cost,
            product_code = 'AmazonDynamoDB'
            and line_type in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
            and usage_end_at <= {{ as_of() }} as is_past_usage,
            resource_id like '%:table/%' as is_of_table,
            usage_end_at
        from {{ ref("stg_billing__typed_lines") }}
    )

select
    {{ surrogate_key(["payer_account_id", "export_name", "billing_month"]) }} as export_month_key,
    payer_account_id,
    export_name,
    billing_month,
    max(format) as format,
    bool_or(has_net_cost) as has_net_costs,
    min(case when is_past_usage then usage_start_at end) as billed_from_at,
    max(case when is_past_usage then usage_end_at end) as billed_until_at,
    max(case when is_past_usage and is_of_table then usage_end_at end) as tables_billed_until_at,
    count(distinct case when is_past_usage then usage_account_id end) as account_count,
    count(*) as line_count
from lines
group by payer_account_id, export_name, billing_month
