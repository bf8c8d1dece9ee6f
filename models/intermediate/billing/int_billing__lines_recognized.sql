{# A view, as what it is made from. #}
{{ config(materialized="view") }}

select
    payer_account_id,
    export_name,
    billing_month,
    account_id,
    region,
    table_name,
    price_key,
    component,
    billing_mode,
    table_class,
    coverage,
    usage_start_at,
    usage_end_at,
    quantity as usage_amount,
    currency,
    unblended_rate,
    coalesce(unblended_cost, net_cost) as unblended_cost_usd,
    net_cost as net_unblended_cost_usd,
    amortized_cost as amortized_cost_usd,
    commitment_arn
from {{ ref("int_billing__lines_chosen") }}
-- Lines of tax, of fees and of discounts have the usage types of what they are about, but no price key.
where price_key is not null and usage_end_at <= {{ as_of() }}
