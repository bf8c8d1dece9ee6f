{%- set metrics = {
    "read_ranges_60": ("ConsumedReadCapacityUnits", 60),
    "write_ranges_60": ("ConsumedWriteCapacityUnits", 60),
    "read_provisioned_ranges": ("ProvisionedReadCapacityUnits", 300),
    "write_provisioned_ranges": ("ProvisionedWriteCapacityUnits", 300),
    "read_throttle_ranges": ("ReadThrottleEvents", 60),
    "write_throttle_ranges": ("WriteThrottleEvents", 60),
} -%}

with
    spans as (
        select *, {{ surrogate_key(["account_id", "region", "resource_name"]) }} as resource_key
        from {{ ref("int_demand__spans_split") }}
    ),

    -- Spans that are read anew end up as they were, but the ledger tells of the units that read them. A
    -- unit that is pending may have been killed between writing and being marked; one that failed may have
    -- failed for some of its tables only.
    units as (
        select
            account_id,
            region,
            span_starts_at,
            span_ends_at,
            concat_ws(' ', operation_id, ended_at) as reading
        from {{ ref("stg_ops__checkpoints") }}
        where
            kind in ('minutes', 'capacity')
            and status in ('done', 'pending', 'failed')
            and span_starts_at < span_ends_at
    ),

    units_split as (
        select
            account_id,
            region,
            reading,
            unnest(
                range(
                    divide(epoch_ms(span_starts_at), 86400000),
                    divide(epoch_ms(span_ends_at) - 1, 86400000) + 1
                )
            ) as day_number
        from units
    ),

    last_readings as (
        select
            account_id,
            region,
            date '1970-01-01' + cast(day_number as integer) as day,
            max(reading) as last_reading
        from units_split
        group by account_id, region, day_number
    ),

    days_of_spans as (
        select
            resource_key,
            account_id,
            region,
            resource_name,
            day,
            string_agg(distinct recent_operation_id, ' ' order by recent_operation_id) as recent_operation_ids
        from spans
        group by resource_key, account_id, region, resource_name, day
    ),

    days as (
        select
            days_of_spans.* exclude (recent_operation_ids),
            nullif(
                concat_ws(' ', days_of_spans.recent_operation_ids, last_readings.last_reading), ''
            ) as recent_operation_ids
        from days_of_spans
        left join
            last_readings
            on days_of_spans.account_id = last_readings.account_id
            and days_of_spans.region = last_readings.region
            and days_of_spans.day = last_readings.day
    ),

    -- Loads of an hour each make 24 spans a day that touch; together they are one range.
    spans_ordered as (
        select
            *,
            max(to_minute) over (
                partition by resource_key, metric_name, period_seconds, day
                order by from_minute
                rows between unbounded preceding and 1 preceding
            ) as known_until
        from spans
    ),

    spans_numbered as (
        select
            *,
            count_if(known_until is null or from_minute > known_until) over (
                partition by resource_key, metric_name, period_seconds, day order by from_minute
            ) as range_number
        from spans_ordered
    ),

    ranges as (
        select
            resource_key,
            metric_name,
            period_seconds,
            day,
            min(from_minute) as from_minute,
            max(to_minute) as to_minute
        from spans_numbered
        group by resource_key, metric_name, period_seconds, day, range_number
    ),

    ranges_listed as (
        select
            resource_key,
            day,
            bit_xor(hash(metric_name, period_seconds, from_minute, to_minute)) as ranges_hash,
            {%- for name, (metric, period) in metrics.items() %}
                list({'from_minute':from_minute, 'to_minute':to_minute} order by from_minute) filter (
                    where metric_name = '{{ metric }}' and period_seconds = {{ period }}
                ) as {{ name }},
            {%- endfor %}
        from ranges
        group by resource_key, day
    ),

    days_classified as (
        select
            days.*,
            ranges_listed.* exclude (resource_key, day),
            coalesce(
                read_ranges_60 = [{'from_minute':0, 'to_minute':1440}]
                and write_ranges_60 = [{'from_minute':0, 'to_minute':1440}],
                false
            ) as is_whole
        from days
        inner join
            ranges_listed on days.resource_key = ranges_listed.resource_key and days.day = ranges_listed.day
    ),

    -- A whole day needs no arithmetic, and nearly all days are whole.
    consumed_ranges as (
        select ranges.*
        from ranges
        inner join
            days_classified
            on ranges.resource_key = days_classified.resource_key
            and ranges.day = days_classified.day
        where ranges.metric_name like 'Consumed%' and not days_classified.is_whole
    ),

    -- A point of five minutes is used only where none of its minutes lies in a span of 60 s: what is
    -- known by the minute shuts out the whole five minutes around its edges.
    edges as (
        select distinct
            resource_key,
            day,
            unnest(
                [from_minute, to_minute, divide(from_minute, 5) * 5, divide(to_minute + 4, 5) * 5]
            ) as from_minute
        from consumed_ranges
    ),

    pieces as (
        select *, lead(from_minute) over (partition by resource_key, day order by from_minute) as to_minute
        from edges
    ),

    pieces_looked_up as (
        select
            pieces.resource_key,
            pieces.day,
            pieces.from_minute,
            pieces.to_minute,
            {%- for dimension in ["read", "write"] %}
                {%- set is_dimension = "consumed_ranges.metric_name ilike 'Consumed" ~ dimension ~ "%'" %}
                bool_or(
                    {{ is_dimension }}
                    and consumed_ranges.period_seconds = 60
                    and pieces.from_minute >= consumed_ranges.from_minute
                    and pieces.from_minute < consumed_ranges.to_minute
                ) as is_{{ dimension }}_known_at_60,
                bool_or(
                    {{ is_dimension }}
                    and consumed_ranges.period_seconds = 60
                    and pieces.from_minute >= divide(consumed_ranges.from_minute, 5) * 5
                    and pieces.from_minute < divide(consumed_ranges.to_minute + 4, 5) * 5
                ) as is_{{ dimension }}_shut_to_300,
                bool_or(
                    {{ is_dimension }}
                    and consumed_ranges.period_seconds = 300
                    and pieces.from_minute >= consumed_ranges.from_minute
                    and pieces.from_minute < consumed_ranges.to_minute
                ) as is_{{ dimension }}_known_at_300,
            {%- endfor %}
        from pieces
        inner join
            consumed_ranges
            on pieces.resource_key = consumed_ranges.resource_key
            and pieces.day = consumed_ranges.day
        where pieces.to_minute is not null
        group by all
    ),

    pieces_resolved as (
        select
            resource_key,
            day,
            from_minute,
            to_minute,
            {%- for dimension in ["read", "write"] %}
                case
                    when is_{{ dimension }}_known_at_60
                    then 60
                    when is_{{ dimension }}_known_at_300 and not is_{{ dimension }}_shut_to_300
                    then 300
                end as {{ dimension }}_period_seconds,
            {%- endfor %}
        from pieces_looked_up
    ),

    -- A minute is known only when both dimensions are.
    known_pieces as (
        select
            resource_key,
            day,
            list(
                {
                    'from_minute':from_minute,
                    'to_minute':to_minute,
                    'read_period_seconds':read_period_seconds,
                    'write_period_seconds':write_period_seconds
                }
                order by from_minute
            ) as known_ranges,
        from pieces_resolved
        where read_period_seconds is not null and write_period_seconds is not null
        group by resource_key, day
    )

select
    {{ surrogate_key(["days_classified.resource_key", "days_classified.day"]) }} as resource_day_key,
    days_classified.resource_key,
    days_classified.account_id,
    days_classified.region,
    days_classified.resource_name,
    days_classified.day,
    days_classified.ranges_hash,
    days_classified.recent_operation_ids,
    days_classified.is_whole,
    case
        when days_classified.is_whole
        then [{'from_minute':0, 'to_minute':1440, 'read_period_seconds':60, 'write_period_seconds':60}]
        else coalesce(known_pieces.known_ranges, [])
    end as known_ranges,
    coalesce(days_classified.read_provisioned_ranges, []) as read_provisioned_ranges,
    coalesce(days_classified.write_provisioned_ranges, []) as write_provisioned_ranges,
    days_classified.read_throttle_ranges,
    days_classified.write_throttle_ranges
from days_classified
left join
    known_pieces
    on days_classified.resource_key = known_pieces.resource_key
    and days_classified.day = known_pieces.day
