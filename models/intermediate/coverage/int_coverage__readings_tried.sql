{#- How the ledger calls what is read together, and how the marts do. -#}
{%- set readings = {"minutes": "minutes", "capacity": "provisioned", "memory": "hours"} -%}
with
    units as (
        select
            account_id,
            region,
            case
                kind
                {% for kind, reading in readings.items() %}
                    when '{{ kind }}' then '{{ reading }}'
                {% endfor %}
            end as reading,
            operation_id,
            unit,
            status,
            error_message,
            coalesce(ended_at, started_at) as tried_at
        from {{ ref("stg_ops__checkpoints") }}
        where kind in ('{{ readings | join("', '") }}') and account_id is not null
    ),

    -- A load asks for all that is missing, so that the last one tells how it stands.
    operations as (
        select
            account_id,
            region,
            reading,
            operation_id,
            max(tried_at) as tried_at,
            count(*) as units,
            count(case when status = 'done' then 1 end) as units_done,
            count(case when status = 'denied' then 1 end) as units_denied,
            count(case when status = 'failed' then 1 end) as units_failed,
            count(case when status = 'pending' then 1 end) as units_pending
        from units
        group by account_id, region, reading, operation_id
    ),

    ranked_operations as (
        select
            *,
            row_number() over (
                partition by account_id, region, reading
                order by {{ known_first("tried_at") }}, tried_at desc, operation_id desc
            ) as recency
        from operations
    ),

    ranked_problems as (
        select
            *,
            row_number() over (
                partition by account_id, region, reading, operation_id
                order by case status when 'denied' then 0 when 'failed' then 1 else 2 end, tried_at desc, unit
            ) as place
        from units
        where error_message is not null
    )

select
    {{ surrogate_key(["operations.account_id", "operations.region", "operations.reading"]) }}
    as place_reading_key,
    operations.account_id,
    operations.region,
    operations.reading,
    operations.tried_at,
    case
        when operations.units_denied > 0
        then 'denied'
        when operations.units_failed > 0
        then 'failed'
        when operations.units_pending > 0
        then 'interrupted'
        when operations.units_done > 0
        then 'done'
        else 'skipped'
    end as outcome,
    operations.units,
    operations.units_done,
    problems.error_message as problem
from ranked_operations as operations
left join
    ranked_problems as problems
    on operations.account_id = problems.account_id
    and operations.region = problems.region
    and operations.reading = problems.reading
    and operations.operation_id = problems.operation_id
    and problems.place = 1
where operations.recency = 1
