-- A load deletes what it fetched before it appends it again. Were a point stored twice, the highest hour,
-- which is taken
-- straight from the raw points, would still be right, but the raw table would be wrong for whoever sums it.
-- The newest
-- day is looked at, which the last loads wrote: reading all of it would cost more than building the minutes.
with
    metrics as (select * from {{ ref("stg_cloudwatch__metrics") }}),

    newest as (select max(starts_at) - interval '1' day as since_at from metrics)

select any_value(resource_name) as resource_name, any_value(metric_name) as metric_name, starts_at
from metrics
where starts_at > (select since_at from newest)
group by hash(account_id, region, resource_name, metric_name, statistic, period_seconds), starts_at
having count(*) > 1
