{# The points of one series and day that lie in its collected ranges, as a list of {minute_of_day, value}. Null
   where the series was not collected that day. #}
{% macro points_inside(minutes, values, ranges) %}
    case
        when {{ ranges }} is not null
        then
            list_filter(
                list_transform(
                    list_zip(coalesce({{ minutes }}, []), coalesce({{ values }}, [])),
                    lambda point: {'minute_of_day':point[1], 'value':point[2]}
                ),
                lambda point:len(
                    list_filter(
                        {{ ranges }},
                        lambda span:span.from_minute <= point.minute_of_day
                        and point.minute_of_day < span.to_minute
                    )
                )
                > 0
            )
    end
{% endmacro %}
