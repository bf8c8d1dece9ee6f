{# Units, unit-hours and GB in the type in which they meet a price. A quotient of decimals is a double, so
   divide first, cast the result with this, then multiply by the price: the product is exact. #}
{% macro quantity(expression) %} cast({{ expression }} as decimal(28, 6)){% endmacro %}
