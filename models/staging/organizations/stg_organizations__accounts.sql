select
    account_id,
    account_name,
    organization_id,
    management_account_id,
    is_management,
    state,
    joined_method,
    joined_at,
    ou_id,
    ou_path,
    last_seen_at
from {{ source("raw_organizations", "aws_accounts") }}
