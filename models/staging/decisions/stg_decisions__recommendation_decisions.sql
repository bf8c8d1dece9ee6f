{# A table: a view would go on naming a path that may be gone, or not be there yet. #}
{{ config(materialized="table") }}

with lines as ({{ decision_lines() }})

select
    {{ surrogate_key(["recommendation_id", "line_number"]) }} as recommendation_decision_key,
    recommendation_id,
    lower(status) as status,
    decided_at,
    decided_by,
    reason,
    snoozed_until,
    about,
    line_number
from lines
