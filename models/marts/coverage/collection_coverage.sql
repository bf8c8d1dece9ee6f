with
    resources as (select * from {{ ref("int_inventory__resources") }}),

    accounts as (select * from {{ ref("int_inventory__accounts") }}),

    windows as (select * from {{ ref("int_demand__windows") }}),

    series_collected as (select * from {{ ref("int_demand__series_collected") }}),

    inventory_reads as (select * from {{ ref("stg_ops__inventory_reads") }} where read_at <= {{ as_of() }}),

    ranked_reads as (
        select *, row_number() over (partition by account_id, region order by read_at desc) as recency
        from inventory_reads
    ),

    last_reads as (select * from ranked_reads where recency = 1),

    measured as (
        select
            resources.resource_key,
            resources.account_id,
            accounts.account_name,
            resources.region,
            resources.table_name,
            resources.index_name,
            resources.billing_mode,
            windows.window_start,
            windows.window_end,
            windows.demand_starts_at,
            windows.known_minutes,
            windows.coverage_ratio,
            windows.existing_minutes - windows.known_minutes as gap_minutes,
            windows.resolution_seconds,
            series_collected.minutes_from_at,
            series_collected.minutes_to_at,
            series_collected.five_minutes_from_at,
            series_collected.five_minutes_to_at,
            series_collected.hours_from_at,
            series_collected.hours_to_at,
            series_collected.provisioned_from_at,
            series_collected.provisioned_to_at,
            series_collected.throttles_from_at,
            series_collected.throttles_to_at,
            {{ dbt.datediff("windows.last_known_at", "windows.window_end", "minute") }} as staleness_minutes,
            last_reads.read_at as last_read_at,
            last_reads.outcome as last_read_outcome
        from resources
        inner join windows on resources.resource_key = windows.resource_key
        left join accounts on resources.account_id = accounts.account_id
        left join series_collected on resources.resource_key = series_collected.resource_key
        left join
            last_reads
            on resources.account_id = last_reads.account_id
            and resources.region = last_reads.region
    )

select
    resource_key,
    account_id,
    account_name,
    region,
    table_name,
    index_name,
    window_start,
    window_end,
    demand_starts_at,
    known_minutes,
    coverage_ratio,
    gap_minutes,
    resolution_seconds,
    minutes_from_at,
    minutes_to_at,
    five_minutes_from_at,
    five_minutes_to_at,
    hours_from_at,
    hours_to_at,
    provisioned_from_at,
    provisioned_to_at,
    throttles_from_at,
    throttles_to_at,
    staleness_minutes,
    last_read_at,
    last_read_outcome,
    nullif(
        concat_ws(
            ' ',
            case
                when known_minutes = 0
                then 'No demand is known.'
                when gap_minutes > 0
                then concat(gap_minutes, ' minutes of demand are unknown.')
            end,
            case when resolution_seconds = 300 then 'Some of it is known by five minutes only.' end,
            case when hours_from_at is null then 'The long memory was not collected.' end,
            case
                when billing_mode = 'PROVISIONED' and provisioned_from_at is null
                then 'Provisioned capacity was not collected.'
            end,
            case when throttles_from_at is null then 'Throttle events were not collected.' end,
            case
                when last_read_outcome <> 'read'
                then concat('The last reading of its inventory ended with: ', last_read_outcome, '.')
            end
        ),
        ''
    ) as missing
from measured
