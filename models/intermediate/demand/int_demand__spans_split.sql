{# Loads merge their spans with those that they touch, and the newest load signs the whole. So the signature tells of a
   day's points only where the span ends: CloudWatch may still revise what is this young. -#}
{%- set lookback_minutes = 24 * 60 -%}

with
    spans as (
        select *
        from {{ ref("stg_ops__collected_spans") }}
        where
            (metric_name like 'Consumed%CapacityUnits' and statistic = 'Sum' and period_seconds in (60, 300))
            or (
                metric_name like 'Provisioned%CapacityUnits'
                and statistic = 'Average'
                and period_seconds = 300
            )
            or (metric_name like '%ThrottleEvents' and statistic = 'Sum' and period_seconds = 60)
    ),

    -- Only whole periods are known: a period that a span cuts into would count as a smaller one.
    whole_periods as (
        select
            *,
            divide(period_seconds, 60) as period_minutes,
            divide(
                epoch_ms(span_starts_at) + period_seconds * 1000 - 1, period_seconds * 1000
            ) as first_period,
            divide(epoch_ms(span_ends_at), period_seconds * 1000) as end_period
        from spans
    ),

    whole_minutes as (
        select *, first_period * period_minutes as first_minute, end_period * period_minutes as end_minute
        from whole_periods
    ),

    split_by_day as (
        select *, unnest(range(divide(first_minute, 1440), divide(end_minute - 1, 1440) + 1)) as day_number
        from whole_minutes
        where first_minute < end_minute
    )

select
    account_id,
    region,
    resource_name,
    metric_name,
    period_seconds,
    date '1970-01-01' + cast(day_number as integer) as day,
    cast(greatest(first_minute - day_number * 1440, 0) as integer) as from_minute,
    cast(least(end_minute - day_number * 1440, 1440) as integer) as to_minute,
    case
        when (day_number + 1) * 1440 > end_minute - {{ lookback_minutes }} then operation_id
    end as recent_operation_id
from split_by_day
