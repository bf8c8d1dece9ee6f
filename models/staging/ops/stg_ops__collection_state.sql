select
    operation_id,
    operation,
    status,
    started_at,
    ended_at,
    units_total,
    units_done,
    rows_loaded,
    calls,
    message,
from {{ source("ops", "collection_state") }}
