select
    payer_account_id, export_name, format, bucket, prefix, region, granularity, has_resources, discovered_at
from {{ source("raw_billing", "cur_metadata") }}
