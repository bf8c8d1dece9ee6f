{# A table: few rows, made of the lines of plans alone, that every covered line is held against. #}
{{ config(materialized="table") }}
{%- set group = [
    "payer_account_id",
    "export_name",
    "billing_month",
    "usage_account_id",
    "usage_type",
    "savings_plan_arn",
] %}

with
    lines as (
        select
            {{ group | join(", ") }},
            file_key,
            row_number,
            line_item_type = 'SavingsPlanNegation' as is_negation,
            unblended_cost_usd,
            coalesce(net_unblended_cost_usd, unblended_cost_usd) as net_cost
        from {{ ref("stg_billing__typed_lines") }}
        where
            product_code = 'AmazonDynamoDB'
            and line_item_type in ('SavingsPlanCoveredUsage', 'SavingsPlanNegation')
    )

select
    {{ group | join(", ") }},
    sum(unblended_cost_usd) as remaining_unblended_cost,
    sum(net_cost) as remaining_net_cost,
    min(case when is_negation then file_key end) as file_key,
    arg_min(row_number, (file_key, row_number)) filter (where is_negation) as row_number
from lines
group by {{ group | join(", ") }}
having bool_or(is_negation)
