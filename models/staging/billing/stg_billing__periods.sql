select
    payer_account_id, export_name, billing_period as billing_month, manifest_id, files, rows_kept, loaded_at
from {{ source("raw_billing", "cur_periods") }}
