-- AWS adds usage types. A new one is counted as `other` until it is known, which whoever reads the costs must
-- hear of; it breaks nothing.
{{ config(severity="warn") }}

select usage_type, line_type, count(*) as line_count, sum(net_cost) as net_cost
from {{ ref("int_billing__lines_chosen") }}
where component = 'other'
group by usage_type, line_type
