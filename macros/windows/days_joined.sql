{# A window's minutes (DOUBLE[]) from the arrays of its days: `days`, the minute since 1970 that each begins with,
   in any order, and `arrays` beside them. From the columns `start_minute` to `end_minute`, null where no day tells
   and before `first_minute`. #}
{% macro days_joined(days, arrays) %}
    {%- set days_in_order = "list_sort(" ~ days ~ ")" -%}
    {%- set end_of_days = "greatest(list_max(" ~ days ~ ") + 1440, end_minute)" %}
    list_concat(
        list_resize(
            cast([] as double[]),
            least(greatest(first_minute, list_min({{ days }})), end_minute) - start_minute
        ),
        list_slice(
            flatten(
                list_transform(
                    range(1, len({{ days }}) + 1),
                    lambda place:list_resize(
                        {{ arrays }} [list_grade_up({{ days }})[place]],
                        coalesce({{ days_in_order }} [place + 1], {{ end_of_days }})
                        - {{ days_in_order }} [place]
                    )
                )
            ),
            greatest(first_minute - list_min({{ days }}), 0) + 1,
            end_minute - list_min({{ days }})
        )
    )
{% endmacro %}
