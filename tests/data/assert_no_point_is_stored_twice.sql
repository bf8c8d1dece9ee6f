-- A load deletes what it fetched before it appends it again. Were a point stored twice, its minute
-- would still be right, because one of the two counts, but the raw table would be wrong for whoever
-- sums it. Days count while they are made what they find again; the hours of the long memory, which no
-- day holds, are looked at here where the last loads wrote.
with
    days_arrayed as (select * from {{ ref("int_demand__days_arrayed") }}),

    hours as (select * from {{ ref("stg_cloudwatch__metrics") }} where period_seconds = 3600),

    newest as (
        select max(starts_at) - interval '1' day as since_at
        from {{ ref("stg_cloudwatch__metrics") }}
        where period_seconds = 3600
    ),

    hours_stored_again as (
        select account_id, region, resource_name, metric_name, statistic, starts_at, count(*) - 1 as points
        from hours
        where starts_at > (select since_at from newest)
        group by account_id, region, resource_name, metric_name, statistic, starts_at
        having count(*) > 1
    )

select account_id, region, resource_name, cast(day as timestamp) as starts_at, points_stored_again
from days_arrayed
where points_stored_again > 0
union all
select account_id, region, resource_name, starts_at, points
from hours_stored_again
