-- Reads and writes are simulated together, minute by minute: were a minute known in one of them only,
-- or did an array have another length than its window, everything after it would be aligned wrongly.
select windows.resource_key
from {{ ref("int_demand__windows") }} as windows
where
    coalesce(len(windows.reads), 0) <> {{ window_days() * 1440 }}
    or coalesce(len(windows.writes), 0) <> {{ window_days() * 1440 }}
    or list_count(windows.reads) <> windows.known_minutes
    or list_count(windows.writes) <> windows.known_minutes
