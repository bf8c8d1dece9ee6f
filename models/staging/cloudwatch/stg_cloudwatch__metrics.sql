select
    account_id, region, resource_name, metric_name, statistic, period_seconds, timestamp as starts_at, value,
from {{ source("raw_cloudwatch", "metrics") }}
