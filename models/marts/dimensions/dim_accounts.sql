select
    account_id,
    account_name,
    ou_path,
    payer_account_id,
    state,
    is_management,
    last_seen_at,
    left_after_at,
    inactive_because,
    last_read_at,
    last_read_outcome
from {{ ref("int_inventory__accounts") }}
