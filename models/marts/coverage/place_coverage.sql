{%- set readings = {
    "minutes": "demand",
    "provisioned": "provisioned capacity",
    "hours": "the long memory",
} -%}
with
    accounts as (select * from {{ ref("int_inventory__accounts") }}),

    places_read as (select * from {{ ref("int_inventory__places_read") }}),

    measured as (select * from {{ ref("int_coverage__resources_measured") }}),

    readings_tried as (select * from {{ ref("int_coverage__readings_tried") }}),

    -- An account that nobody ever tried to read has one row for all of its regions, like one that never
    -- let anybody in.
    places as (
        select place_key, account_id, region
        from places_read
        union all
        select
            {{ surrogate_key(["accounts.account_id", "'*'"]) }} as place_key,
            accounts.account_id,
            '*' as region
        from accounts
        left join places_read on accounts.account_id = places_read.account_id
        where places_read.account_id is null
    ),

    tables as (
        select
            account_id,
            region,
            count(case when index_name is null then 1 end) as tables,
            count(case when index_name is null and known_minutes = 0 then 1 end) as tables_unknown,
            count(case when index_name is null and gap_minutes > 0 then 1 end) as tables_with_gaps,
            {% for kind in ["minutes", "five_minutes", "hours", "provisioned"] %}
                min({{ kind }}_from_at) as {{ kind }}_from_at, max({{ kind }}_to_at) as {{ kind }}_to_at,
            {% endfor %}
            sum(gap_minutes) as gap_minutes,
            max(staleness_minutes) as staleness_minutes
        from measured
        group by account_id, region
    ),

    readings as ({{ readings_by_place("readings_tried", readings) }}),

    covered as (
        select
            places.place_key,
            places.account_id,
            accounts.account_name,
            accounts.ou_path,
            places.region,
            case
                when accounts.left_after_at is not null
                then 'left'
                else lower(coalesce(nullif(accounts.state, 'LEFT'), 'ACTIVE'))
            end as account_state,
            accounts.left_after_at,
            accounts.inactive_because,
            coalesce(tables.tables, 0) as tables,
            coalesce(tables.tables_unknown, 0) as tables_unknown,
            coalesce(tables.tables_with_gaps, 0) as tables_with_gaps,
            tables.* exclude (account_id, region, tables, tables_unknown, tables_with_gaps),
            places_read.last_read_at,
            places_read.last_read_outcome,
            places_read.last_read_message,
            places_read.last_successful_read_at,
            {{ age_in_minutes("places_read.last_successful_read_at") }} as read_staleness_minutes,
            places_read.denied_since_at,
            readings.* exclude (account_id, region)
        from places
        inner join accounts on places.account_id = accounts.account_id
        left join places_read on places.place_key = places_read.place_key
        left join tables on places.account_id = tables.account_id and places.region = tables.region
        left join readings on places.account_id = readings.account_id and places.region = readings.region
    )

select
    place_key,
    account_id,
    account_name,
    ou_path,
    region,
    account_state,
    left_after_at,
    tables,
    tables_unknown,
    tables_with_gaps,
    {% for kind in ["minutes", "five_minutes", "hours", "provisioned"] %}
        {{ kind }}_from_at, {{ kind }}_to_at,
    {% endfor %}
    cast(coalesce(gap_minutes, 0) as bigint) as gap_minutes,
    staleness_minutes,
    last_read_at,
    last_read_outcome,
    last_read_message,
    last_successful_read_at,
    read_staleness_minutes,
    denied_since_at,
    {% for reading in readings %}
        {{ reading }}_outcome, {{ reading }}_tried_at, {{ reading }}_problem,
    {% endfor %}
    nullif(
        concat_ws(
            ' ',
            case
                when inactive_because is not null
                then
                    concat(
                        upper(substring(inactive_because, 1, 1)),
                        substring(inactive_because, 2),
                        ', so that nothing is advised for it.'
                    )
            end,
            case
                when last_read_outcome is null
                then 'Its inventory was never read.'
                when denied_since_at is not null
                then
                    concat(
                        'Its inventory has been denied since ',
                        {{ instant_text("denied_since_at") }},
                        coalesce(
                            ' and was last read at ' || {{ instant_text("last_successful_read_at") }}, ''
                        ),
                        '.'
                    )
                when last_read_outcome = 'failed'
                then
                    concat(
                        'The last reading of its inventory failed at ',
                        {{ instant_text("last_read_at") }},
                        '.'
                    )
                when last_read_outcome = 'region not enabled' and tables > 0
                then 'The account has not enabled the region any more.'
            end,
            case
                when tables_unknown > 0
                then concat('Of ', tables_unknown, ' of ', tables, ' tables no demand is known.')
            end,
            case
                when tables_with_gaps > tables_unknown
                then
                    concat(
                        'Of ',
                        tables_with_gaps - tables_unknown,
                        ' of ',
                        tables,
                        ' tables minutes are unknown.'
                    )
            end,
            {% for reading, words in readings.items() %}
                {{
                    reading_not_done(
                        reading ~ "_outcome",
                        "'The last load of " ~ words ~ " '",
                        "coalesce(': ' || " ~ reading ~ "_problem, '.')",
                    )
                }}
                {{ "," if not loop.last }}
            {% endfor %}
        ),
        ''
    ) as missing
from covered
