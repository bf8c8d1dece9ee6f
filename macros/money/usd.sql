{# Money. Ten decimals hold six of a quantity times the twelve of a price closely enough that no cent moves. #}
{% macro usd(expression) %} cast({{ expression }} as decimal(28, 10)){% endmacro %}
