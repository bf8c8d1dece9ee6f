-- Beside what the account pays stands what the list asks. Who pays the list must not see two amounts.
select recommendation_id
from {{ ref("recommendations") }}
where
    price_basis = 'list'
    and (
        current_monthly_cost_usd is distinct from list_current_cost_usd
        or projected_monthly_cost_usd is distinct from list_projected_cost_usd
        or monthly_savings_usd is distinct from list_monthly_savings_usd
    )
