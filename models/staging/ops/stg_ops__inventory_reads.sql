select account_id, region, read_at, read_by as read_by_account_id, outcome, tables_seen, message,
from {{ source("ops", "inventory_reads") }}
