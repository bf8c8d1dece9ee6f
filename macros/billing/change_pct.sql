{# By how much per cent a cost per day is above the one before; null where there was none. #}
{% macro change_pct(cost_per_day, previous_cost_per_day) %}
    case
        when {{ previous_cost_per_day }} > 0
        then ({{ cost_per_day }} - {{ previous_cost_per_day }}) * 100 / {{ previous_cost_per_day }}
    end
{%- endmacro %}
