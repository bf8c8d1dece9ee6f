{%- set readings = ["minutes", "provisioned", "hours"] -%}
with
    resources as (select * from {{ ref("int_inventory__resources") }}),

    accounts as (select * from {{ ref("int_inventory__accounts") }}),

    places_read as (select * from {{ ref("int_inventory__places_read") }}),

    windows as (select * exclude (reads, writes) from {{ ref("int_demand__windows") }}),

    series_collected as (select * from {{ ref("int_demand__series_collected") }}),

    readings_tried as (select * from {{ ref("int_coverage__readings_tried") }}),

    gaps_ranked as (
        select
            *,
            row_number() over (partition by resource_key order by gap_minutes desc, gap_starts_at) as place,
            row_number() over (
                partition by resource_key, is_newest order by gap_minutes desc, gap_starts_at
            ) as place_of_its_kind
        from {{ ref("int_demand__gaps_found") }}
    ),

    gaps as (
        select
            resource_key,
            count(*) as gaps,
            max(case when place = 1 then gap_minutes end) as largest_gap_minutes,
            max(case when place = 1 then gap_starts_at end) as largest_gap_starts_at,
            count(case when not is_newest then 1 end) as inner_gaps,
            sum(case when not is_newest then gap_minutes end) as inner_gap_minutes,
            max(
                case when not is_newest and place_of_its_kind = 1 then gap_minutes end
            ) as largest_inner_gap_minutes,
            max(
                case when not is_newest and place_of_its_kind = 1 then gap_starts_at end
            ) as largest_inner_gap_starts_at
        from gaps_ranked
        group by resource_key
    ),

    readings as ({{ readings_by_place("readings_tried", readings) }}),

    -- Where nothing of the window is known, what was collected before it says how old the newest is.
    measured as (
        select
            resources.*,
            accounts.account_name,
            accounts.inactive_because,
            windows.window_start,
            windows.window_end,
            windows.demand_starts_at,
            windows.existing_minutes,
            windows.known_minutes,
            windows.known_minutes_at_300,
            windows.coverage_ratio,
            windows.resolution_seconds,
            coalesce(
                windows.last_known_at,
                greatest(series_collected.minutes_to_at, series_collected.five_minutes_to_at)
            ) as last_known_at,
            series_collected.* exclude (resource_key),
            gaps.* exclude (resource_key),
            places_read.last_read_at,
            places_read.last_read_outcome,
            places_read.last_read_message,
            places_read.last_successful_read_at,
            places_read.denied_since_at,
            readings.* exclude (account_id, region)
        from resources
        inner join windows on resources.resource_key = windows.resource_key
        left join accounts on resources.account_id = accounts.account_id
        left join series_collected on resources.resource_key = series_collected.resource_key
        left join gaps on resources.resource_key = gaps.resource_key
        left join
            places_read
            on resources.account_id = places_read.account_id
            and resources.region = places_read.region
        left join
            readings on resources.account_id = readings.account_id and resources.region = readings.region
    )

select
    resource_key,
    table_key,
    decision_key,
    account_id,
    account_name,
    inactive_because,
    region,
    table_name,
    index_name,
    billing_mode,
    is_autoscaling_unknown,
    window_start,
    window_end,
    demand_starts_at,
    known_minutes,
    known_minutes_at_300,
    coverage_ratio,
    existing_minutes - known_minutes as gap_minutes,
    coalesce(gaps, 0) as gaps,
    largest_gap_minutes,
    largest_gap_starts_at,
    coalesce(inner_gaps, 0) as inner_gaps,
    coalesce(inner_gap_minutes, 0) as inner_gap_minutes,
    largest_inner_gap_minutes,
    largest_inner_gap_starts_at,
    resolution_seconds,
    {% for kind in ["minutes", "five_minutes", "hours", "provisioned", "throttles"] %}
        {{ kind }}_from_at, {{ kind }}_to_at,
    {% endfor %}
    last_known_at,
    {{ age_in_minutes("last_known_at") }} as staleness_minutes,
    last_read_at,
    last_read_outcome,
    last_read_message,
    last_successful_read_at,
    {{ age_in_minutes("last_successful_read_at") }} as read_staleness_minutes,
    denied_since_at,
    {% for reading in readings %}
        {{ reading }}_outcome, {{ reading }}_tried_at, {{ reading }}_problem {{ "," if not loop.last }}
    {% endfor %}
from measured
