-- A reader with a pocket calculator must get each line's cost from what the line shows.
select plan_cost_line_key
from {{ ref("plan_cost_lines") }}
where
    cost_usd is not null
    and cost_usd
    <> {{ usd("greatest(paid_quantity * coalesce(price_usd, 0) - coalesce(sunk_plan_usd, 0), 0)") }}
