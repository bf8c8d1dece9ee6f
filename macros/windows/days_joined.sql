{# A window's minutes (DOUBLE[]) from the arrays of its days: `days`, the minute since 1970 that each begins with,
   in any order, and `arrays` beside them. From the columns `start_minute` to `end_minute`, null where no day tells
   and before `first_minute`. #}
{% macro days_joined(days, arrays) %}
    list_concat(
        list_resize(
            cast([] as double[]),
            least(greatest(first_minute, list_min({{ days }})), end_minute) - start_minute
        ),
        list_slice(
            flatten(
                list_transform(
                    list_grade_up({{ days }}),
                    lambda day,
                    place:list_resize(
                        {{ arrays }} [day],
                        coalesce(
                            list_sort({{ days }})[place + 1],
                            greatest(list_max({{ days }}) + 1440, end_minute)
                        )
                        - {{ days }} [day]
                    )
                )
            ),
            greatest(first_minute - list_min({{ days }}), 0) + 1,
            end_minute - list_min({{ days }})
        )
    )
{% endmacro %}
