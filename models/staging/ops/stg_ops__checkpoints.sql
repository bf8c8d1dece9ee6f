select
    operation_id,
    unit,
    status,
    attempts,
    rows_loaded,
    bytes as bytes_loaded,
    calls,
    started_at,
    ended_at,
    error as error_message,
from {{ source("ops", "checkpoints") }}
