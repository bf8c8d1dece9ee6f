select account_id, region, read_at, outcome, tables_seen, message, from {{ source("ops", "inventory_reads") }}
