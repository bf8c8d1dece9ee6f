{# The hours of the month that every monthly amount is stated for: 8,760 a year / 12. #}
{% macro hours_per_month() %} 730{% endmacro %}
