{# A window's minutes (DOUBLE[]) from the arrays of all its days: `days` (DATE[]), in any order, and `arrays` beside
   them. From the columns `start_minute` to `end_minute`, null before `first_minute`. #}
{% macro days_joined(days, arrays) %}
    {%- set first_minute_of_day = "(list_min(" ~ days ~ ") - date '1970-01-01') * 1440" %}
    list_concat(
        {{ unknown_minutes("first_minute - start_minute") }},
        list_slice(
            flatten(list_select({{ arrays }}, list_grade_up({{ days }}))),
            first_minute - {{ first_minute_of_day }} + 1,
            end_minute - {{ first_minute_of_day }}
        )
    )
{% endmacro %}
