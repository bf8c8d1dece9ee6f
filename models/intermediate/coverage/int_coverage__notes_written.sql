{#- What is advised of a table or of all replicas is as well known as the worst of what takes part in it. -#}
{%- set levels = ["resource", "table", "decision"] -%}
with
    measured as (select * from {{ ref("int_coverage__resources_measured") }}),

    {% for level in levels %}
        {{ level }}s_ranked as (
            select
                {{ level }}_key,
                inner_gaps,
                inner_gap_minutes,
                largest_inner_gap_minutes,
                largest_inner_gap_starts_at,
                row_number() over (
                    partition by {{ level }}_key
                    order by inner_gap_minutes desc, largest_inner_gap_starts_at, resource_key
                ) as place,
                max(staleness_minutes) over (partition by {{ level }}_key) as staleness_minutes,
                min(last_known_at) over (partition by {{ level }}_key) as last_known_at,
                max(known_minutes) over (partition by {{ level }}_key) as known_minutes,
                max(known_minutes_at_300) over (partition by {{ level }}_key) as known_minutes_at_300,
                min(case when minutes_outcome in ('denied', 'failed') then minutes_outcome end) over (
                    partition by {{ level }}_key
                ) as minutes_outcome,
                max(case when minutes_outcome in ('denied', 'failed') then minutes_tried_at end) over (
                    partition by {{ level }}_key
                ) as minutes_tried_at,
                min(case when hours_outcome in ('denied', 'failed') then hours_outcome end) over (
                    partition by {{ level }}_key
                ) as hours_outcome,
                max(case when hours_outcome in ('denied', 'failed') then hours_tried_at end) over (
                    partition by {{ level }}_key
                ) as hours_tried_at,
                max(denied_since_at) over (partition by {{ level }}_key) as denied_since_at,
                min(last_successful_read_at) over (partition by {{ level }}_key) as last_successful_read_at,
                max(case when is_autoscaling_unknown then 1 end) over (
                    partition by {{ level }}_key
                ) as autoscaling_unknown,
                max(read_staleness_minutes) over (partition by {{ level }}_key) as read_staleness_minutes
            from measured
        ),

        {{ level }}s_noted as (
            select {{ level }}_key, {{ coverage_notes() }} as notes, {{ place_notes() }} as place_notes
            from {{ level }}s_ranked
            where place = 1
        ),
    {% endfor %}

    resources as (select resource_key, table_key, decision_key from measured)

select
    resources.resource_key,
    resources.table_key,
    resources.decision_key,
    {% for level in levels %} {{ level }}s_noted.notes as {{ level }}_notes, {% endfor %}
    coalesce(tables_noted.place_notes, '') as place_notes
from resources
{% for level in levels %}
    inner join {{ level }}s_noted on resources.{{ level }}_key = {{ level }}s_noted.{{ level }}_key
{% endfor %}
