{# A table: a view would go on naming a path that may be gone, or not be there yet. #}
{{ config(materialized="table") }}

with lines as ({{ decision_lines() }})

select
    {{ surrogate_key(["recommendation_id", "line_number"]) }} as recommendation_decision_key,
    recommendation_id,
    lower(status) as status,
    -- The session's time zone is UTC, so that the instant with a zone becomes the same one without.
    cast(decided_at as timestamp) as decided_at,
    decided_by,
    reason,
    cast(snoozed_until as timestamp) as snoozed_until,
    about,
    line_number
from lines
