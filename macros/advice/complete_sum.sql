{# A sum that is null where any of its parts is unknown, instead of a sum of what happens to be known. #}
{% macro complete_sum(expression) %}
    case when count({{ expression }}) = count(*) then sum({{ expression }}) end
{%- endmacro %}
