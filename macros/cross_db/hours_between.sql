{# The hours from one instant to another, fractions of an hour included. #}
{% macro hours_between(start_at, end_at) %}
    {{- return(adapter.dispatch("hours_between", "dynamodb_optima")(start_at, end_at)) -}}
{% endmacro %}

{% macro default__hours_between(start_at, end_at) %}
    ((epoch({{ end_at }}) - epoch({{ start_at }})) / 3600)
{% endmacro %}

{% macro spark__hours_between(start_at, end_at) %}
    ((cast({{ end_at }} as double) - cast({{ start_at }} as double)) / 3600)
{%- endmacro %}
