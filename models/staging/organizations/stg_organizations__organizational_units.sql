select ou_id, ou_name, parent_id, ou_path, last_seen_at
from {{ source("raw_organizations", "organizational_units") }}
