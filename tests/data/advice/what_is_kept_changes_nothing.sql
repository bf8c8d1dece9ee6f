-- A row to keep has a reason, its setting as it is, no saving, and leaves no commitment without use; a row to
-- change has no reason.
select recommendation_id
from {{ ref("recommendations") }}
where
    (advice = 'keep') is distinct from (
        keep_reason is not null
        and monthly_savings_usd = 0
        and stranded_commitment_usd = 0
        and recommended_setting = current_setting
    )
