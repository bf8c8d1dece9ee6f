-- Points are grouped by a 64-bit hash of account, region and resource name. Two resources of one hash
-- would have their demand added together; at 100,000 resources the odds are one in four billion, and
-- this is what looks.
select hash(account_id, region, resource_name) as resource_hash
from {{ ref("int_demand__days_known") }}
group by hash(account_id, region, resource_name)
having count(distinct resource_key) > 1
