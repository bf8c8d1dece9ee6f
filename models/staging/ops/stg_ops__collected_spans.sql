select
    account_id,
    region,
    resource_name,
    metric_name,
    statistic,
    period_seconds,
    span_start as span_starts_at,
    span_end as span_ends_at,
    operation_id,
from {{ source("ops", "collected_spans") }}
