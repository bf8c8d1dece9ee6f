select
    payer_account_id,
    export_name,
    billing_period as billing_month,
    file_key,
    row_number,
    identity_line_item_id,
    usage_account_id,
    line_item_type,
    product_code,
    usage_type,
    operation,
    resource_id,
    region,
    usage_start_at,
    usage_end_at,
    -- An hour's share of a gigabyte-month has no end in decimals; with twelve of them a month of hours adds
    -- up
    -- to the right sixth decimal.
    cast(usage_amount as decimal(28, 12)) as usage_amount,
    pricing_unit,
    currency,
    {{ usd("public_on_demand_cost") }} as public_on_demand_cost_usd,
    unblended_rate,
    {{ usd("unblended_cost") }} as unblended_cost_usd,
    {{ usd("net_unblended_cost") }} as net_unblended_cost_usd,
    reservation_arn,
    {{ usd("reservation_effective_cost") }} as reservation_effective_cost_usd,
    {{ usd("net_reservation_effective_cost") }} as net_reservation_effective_cost_usd,
    savings_plan_arn,
    {{ usd("savings_plan_effective_cost") }} as savings_plan_effective_cost_usd,
    {{ usd("net_savings_plan_effective_cost") }} as net_savings_plan_effective_cost_usd,
    description
from {{ source("raw_billing", "cur_data") }}
