{#- The one list of kinds: a new kind of advice is a mart with these columns, and its name here. -#}
{%- set kinds = [
    "best_plans",
    "capacity_mode_recommendations",
    "table_class_recommendations",
    "utilization_recommendations",
] -%}
{#- Those of which one decision may be about several rows, and that say so in their decision_key. -#}
{%- set shared = ["best_plans", "capacity_mode_recommendations"] -%}
with
    {% for kind in kinds %}
        {{ kind }} as (
            select
                {{ advice_columns() | join(", ") }},
                {{ "decision_key" if kind in shared else "cast(null as varchar)" }} as decision_key
            from {{ ref(kind) }}
        ),
    {% endfor %}
    decisions as (select * from {{ ref("stg_decisions__recommendation_decisions") }}),

    all_kinds as (
        {% for kind in kinds %}select * from {{ kind }} {{ "union all" if not loop.last }} {% endfor %}
    ),

    ordered_decisions as (
        select
            *,
            row_number() over (
                partition by recommendation_id order by decided_at desc, line_number desc
            ) as place
        from decisions
    ),

    last_decisions as (select * from ordered_decisions where place = 1)

select
    {% for column in advice_columns() %} all_kinds.{{ column }}, {% endfor %}
    -- A recommendation that was put off is open again once its time has come.
    case
        when last_decisions.status = 'snoozed' and last_decisions.snoozed_until <= {{ as_of() }}
        then 'pending'
        else coalesce(last_decisions.status, 'pending')
    end as status,
    last_decisions.decided_at,
    last_decisions.decided_by,
    last_decisions.reason as decision_reason,
    last_decisions.snoozed_until,
    coalesce(all_kinds.decision_key, all_kinds.recommendation_id) as decision_key
from all_kinds
left join last_decisions on all_kinds.recommendation_id = last_decisions.recommendation_id
