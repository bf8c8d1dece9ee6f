-- What is sunk or free comes off a quantity, and never adds to it.
select plan_cost_line_key
from {{ ref("plan_cost_lines") }}
where
    paid_quantity < 0
    or sunk_quantity < 0
    or cost_usd < 0
    or free_share not between 0
    and 1
    or paid_quantity > monthly_quantity - sunk_quantity
