{# Unit-hours that are left to pay after the free tier. A resource gets its pool's share of them free, today
   and as a candidate alike; but never more than the pool has in a month, so that a candidate much larger than
   what the pool uses today is not taken for free. #}
{% macro billed_unit_hours(unit_hours, free_share, free_unit_hours) %}
    {{
        quantity(
            "greatest(cast("
            ~ unit_hours
            ~ " as double) * (1 - "
            ~ free_share
            ~ "), cast("
            ~ unit_hours
            ~ " as double) - "
            ~ free_unit_hours
            ~ ")"
        )
    }}
{% endmacro %}
