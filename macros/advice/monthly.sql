{# What was counted over the known minutes of a window, scaled to the hours of a month. Null where nothing is
   known. #}
{% macro monthly(expression, known_minutes) %}
    {{
        quantity(
            "cast("
            ~ expression
            ~ " as double) * 60 * "
            ~ hours_per_month()
            ~ " / nullif("
            ~ known_minutes
            ~ ", 0)"
        )
    }}
{% endmacro %}
