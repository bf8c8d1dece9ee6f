with
    dimensions as (select * from {{ ref("int_costs__dimensions_priced") }}),

    reads as (select * from dimensions where dimension = 'read'),

    writes as (select * from dimensions where dimension = 'write')

select
    reads.resource_key,
    reads.table_key,
    reads.decision_key,
    reads.account_id,
    reads.region,
    reads.table_name,
    reads.index_name,
    reads.billing_mode,
    reads.table_class,
    reads.monthly_requests as read_monthly_requests,
    writes.monthly_requests as write_monthly_requests,
    reads.monthly_unit_hours as read_monthly_unit_hours,
    writes.monthly_unit_hours as write_monthly_unit_hours,
    reads.free_share as read_free_share,
    writes.free_share as write_free_share,
    reads.current_cost_usd as read_cost_usd,
    writes.current_cost_usd as write_cost_usd,
    {{ usd("reads.current_cost_usd + writes.current_cost_usd") }} as throughput_cost_usd,
    reads.price_source,
    reads.price_effective_on
from reads
inner join writes on reads.resource_key = writes.resource_key
