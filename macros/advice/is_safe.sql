{# Whether a simulated dimension throttles little enough to be advised. #}
{% macro is_safe(throttled_units, throttled_minutes, consumed_units, known_minutes) %}
    (
        {{ throttled_units }} <= {{ var("safe_throttled_share") }} * {{ consumed_units }}
        and {{ throttled_minutes }}
        <= {{ var("safe_throttled_minutes_per_day") }} * {{ known_minutes }} / 1440.0
    )
{% endmacro %}
