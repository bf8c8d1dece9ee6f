with measured as (select * from {{ ref("int_coverage__resources_measured") }})

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
    gaps,
    largest_gap_minutes,
    largest_gap_starts_at,
    resolution_seconds,
    {% for kind in ["minutes", "five_minutes", "hours", "provisioned", "throttles"] %}
        {{ kind }}_from_at, {{ kind }}_to_at,
    {% endfor %}
    last_known_at,
    staleness_minutes,
    last_read_at,
    last_read_outcome,
    last_successful_read_at,
    read_staleness_minutes,
    denied_since_at,
    {% for reading in ["minutes", "provisioned", "hours"] %}
        {{ reading }}_outcome, {{ reading }}_tried_at, {{ reading }}_problem,
    {% endfor %}
    nullif(
        concat_ws(
            ' ',
            case
                when known_minutes = 0
                then 'No demand is known.'
                when gap_minutes > 0
                then
                    concat(
                        gap_minutes,
                        ' minutes of demand are unknown',
                        case
                            when gaps > 1
                            then
                                concat(
                                    ', in ',
                                    gaps,
                                    ' gaps of which the largest has ',
                                    largest_gap_minutes,
                                    ' from ',
                                    {{ instant_text("largest_gap_starts_at") }},
                                    ' on'
                                )
                            else concat(', from ', {{ instant_text("largest_gap_starts_at") }}, ' on')
                        end,
                        '.'
                    )
            end,
            case when resolution_seconds = 300 then 'Some of it is known by five minutes only.' end,
            case when hours_from_at is null then 'The long memory was not collected.' end,
            case
                when billing_mode = 'PROVISIONED' and provisioned_from_at is null
                then 'Provisioned capacity was not collected.'
            end,
            case when throttles_from_at is null then 'Throttle events were not collected.' end,
            {% for reading, words in {
                "minutes": "demand",
                "provisioned": "provisioned capacity",
                "hours": "the long memory",
            }.items() %}
                {{
                    reading_not_done(
                        reading ~ "_outcome",
                        "'The last load of " ~ words ~ " in its account and region '",
                        "'.'",
                    )
                }},
            {% endfor %}
            case
                when last_read_outcome <> 'read'
                then concat('The last reading of its inventory ended with: ', last_read_outcome, '.')
            end
        ),
        ''
    ) as missing
from measured
