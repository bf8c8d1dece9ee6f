{# What is left of an amount after what covers it; null where the amount is unknown, which `greatest` would hide. #}
{% macro beyond(amount, covered) %}
    case
        when {{ amount }} > coalesce({{ covered }}, 0)
        then {{ amount }} - coalesce({{ covered }}, 0)
        when {{ amount }} is not null
        then 0
    end
{%- endmacro %}
