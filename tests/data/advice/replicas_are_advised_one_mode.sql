-- The billing mode of a global table is one setting for all of its replicas.
select decision_key
from {{ ref("capacity_mode_recommendations") }}
group by decision_key
having count(distinct recommended_billing_mode) > 1 or count(distinct advice) > 1
