{{
    config(
        materialized="table_in_parts",
        split_by="int_demand__days_arrayed",
        memory_share=0.015,
        unique_key="resource_day_key",
        unchanged_when="is_of_the_same_build",
    )
}}

with
    days_arrayed as (select resource_day_key, day, updated_at from {{ ref("int_demand__days_arrayed") }}),

    {% if builds_on_itself() %} days_that_stand as ({{ rows_that_stand() }}), {% endif %}

    days_to_build as (
        select
            days_arrayed.resource_day_key,
            days_arrayed.day,
            days_arrayed.updated_at,
            0 as from_minute,
            1440 as to_minute
        from days_arrayed
        {% if builds_on_itself() %}
            anti join days_that_stand on days_arrayed.resource_day_key = days_that_stand.resource_day_key
        {% endif %}
        where {{ in_part("days_arrayed.resource_day_key") }}
    ),

    summarised as ({{ minutes_summarised("days_to_build") }})

select *
from summarised
