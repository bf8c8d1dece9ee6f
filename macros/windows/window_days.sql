{# Length of the demand window in days: the var `days`, cut to whole weeks when 7 or more, so that every weekday
   weighs the same. #}
{% macro window_days() %}
    {%- set days = var("days") | int -%}
    {%- if days < 1 -%}
        {{ exceptions.raise_compiler_error("The var days must be 1 or more, not " ~ var("days") ~ ".") }}
    {%- endif -%}
    {{- return(days // 7 * 7 if days >= 7 else days) -}}
{% endmacro %}
