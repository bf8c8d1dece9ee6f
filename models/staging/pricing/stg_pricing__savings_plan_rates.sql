select
    offering_id,
    region,
    usage_type,
    operation,
    service_code,
    unit,
    rate,
    currency,
    plan_type,
    payment_option,
    duration_seconds,
    description,
    loaded_at
from {{ source("raw_pricing", "savings_plan_rates") }}
