{# USD a month of request units, in a query that has the dimension's price and what an owned savings plan covers of it.
   With `prices` list_, at the list's. #}
{% macro on_demand_cost(requests, prices="") %}
    {{ usd(beyond("(" ~ requests ~ " * " ~ prices ~ "request_price_usd)", prices ~ "sunk_plan_usd")) }}
{% endmacro %}
