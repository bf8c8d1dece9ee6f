{# USD a month of provisioned unit-hours, in a query that has the dimension's price and free-tier share. #}
{% macro provisioned_cost(unit_hours) %}
    {{ usd(billed_unit_hours(unit_hours, "free_share", "free_unit_hours") ~ " * unit_hour_price_usd") }}
{% endmacro %}
