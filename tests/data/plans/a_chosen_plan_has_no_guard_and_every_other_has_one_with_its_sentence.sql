-- Why not this one? Every alternative answers it, in words, and nothing is chosen against a guard.
select plan_alternative_key
from {{ ref("plan_alternatives") }}
where
    (is_chosen or is_current) is distinct from (guard is null)
    or (guard is null) is distinct from (guard_reason is null)
