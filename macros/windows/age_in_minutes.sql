{# Minutes from an instant to the window's end, 0 where it is later; null where there is none, which `greatest` would hide. #}
{% macro age_in_minutes(instant) %}
    case
        when {{ instant }} is not null then greatest({{ dbt.datediff(instant, window_end(), "minute") }}, 0)
    end
{%- endmacro %}
