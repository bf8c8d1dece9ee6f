-- The mode of a global table is one decision, and each replica's row says what all of them save.
select decision_key
from {{ ref("best_plans") }}
group by decision_key
having
    count(distinct plan) > 1
    or count(distinct decision_savings_usd) > 1
    or max(decision_savings_usd) <> sum(monthly_savings_usd)
