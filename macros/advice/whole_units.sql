{# A rate or quotient rounded up to whole capacity units. The slack keeps 63.000000000001, which is 63 after a
   division of binary fractions, from becoming 64. #}
{% macro whole_units(expression) %} cast(ceil({{ expression }} - 1e-9) as bigint){% endmacro %}
