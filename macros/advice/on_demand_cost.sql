{# USD a month of request units, in a query that has the dimension's price and what an owned savings plan covers of it. #}
{% macro on_demand_cost(requests) %}
    {{ usd(beyond("(" ~ requests ~ " * request_price_usd)", "sunk_plan_usd")) }}
{% endmacro %}
