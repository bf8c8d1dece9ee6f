-- More than all cannot be free, and less than nothing cannot be covered.
select account_price_hash, hour_number
from {{ ref("int_reconciliation__shares_paid") }}
where
    reserved_share not between 0
    and 1
    or free_share not between 0
    and 1
    or plan_share not between 0
    and 1
    or paid_share not between 0
    and 1
