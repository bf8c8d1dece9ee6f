{# A day of five-minute values (DOUBLE[288]) from its points in order of time, null where there is none; null
   altogether where there is none all day. #}
{% macro slots_densified(points) %}
    case
        when len({{ points }}) > 0
        then
            list_concat(
                list_resize(cast([] as double[]), divide({{ points }} [1].minute_of_day, 5)),
                flatten(
                    list_transform(
                        range(1, len({{ points }}) + 1),
                        lambda place:list_resize(
                            [{{ points }} [place].value],
                            coalesce(divide({{ points }} [place + 1].minute_of_day, 5), 288)
                            - divide({{ points }} [place].minute_of_day, 5)
                        )
                    )
                )
            )
    end
{% endmacro %}
