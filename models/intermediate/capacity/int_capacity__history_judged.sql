with
    resources as (select * from {{ ref("int_inventory__resources") }}),

    accounts as (select account_id, inactive_because from {{ ref("int_inventory__accounts") }}),

    windows as (select * from {{ ref("int_demand__windows") }}),

    measured as (
        select
            resources.resource_key,
            resources.table_key,
            resources.decision_key,
            windows.window_start,
            windows.window_end,
            windows.resolution_seconds,
            coalesce(windows.coverage_ratio, 0) as coverage_ratio,
            coalesce(windows.known_minutes, 0) as known_minutes,
            coalesce(windows.known_minutes_at_300, 0) as known_minutes_at_300,
            coalesce(windows.known_weekdays, 0) as known_weekdays,
            coalesce(windows.read_throttle_events, 0)
            + coalesce(windows.write_throttle_events, 0) as throttle_events,
            coalesce(windows.demand_starts_at, resources.created_at) as demand_starts_at,
            resources.billing_mode_changed_at,
            accounts.inactive_because,
            {{ as_of() }} - interval '{{ var("history_days") }}' day as history_starts_at
        from resources
        left join windows on resources.resource_key = windows.resource_key
        left join accounts on resources.account_id = accounts.account_id
    ),

    judged as (
        select
            *,
            case
                -- However much is known of it, nobody could follow the advice, nor would it save anything.
                when inactive_because is not null
                then inactive_because
                when demand_starts_at is null or demand_starts_at > history_starts_at
                then 'it is younger than {{ var("history_days") }} days'
                when
                    known_minutes - known_minutes_at_300
                    < {{ var("history_days") }} * 1440 * {{ var("history_coverage") }}
                then
                    concat(
                        {{ number_text("(known_minutes - known_minutes_at_300) / 1440.0", 1) }},
                        ' days are known minute by minute, of the {{ var("history_days") }} that are needed'
                    )
                when known_weekdays < 7
                then concat('only ', known_weekdays, ' of the seven weekdays are known')
                when billing_mode_changed_at > history_starts_at
                then
                    concat(
                        'its billing mode changed on ',
                        cast(cast(billing_mode_changed_at as date) as {{ dbt.type_string() }})
                    )
            end as history_problem
        from measured
    )

select
    resource_key,
    table_key,
    decision_key,
    window_start,
    window_end,
    resolution_seconds,
    coverage_ratio,
    known_minutes,
    known_minutes_at_300,
    throttle_events,
    inactive_because,
    history_problem is null as has_enough_history,
    history_problem
from judged
