{# USD a month of provisioned unit-hours, in a query that has the dimension's price, its free-tier share and what owned
   commitments cover of it. With `prices` list_, at the list's. #}
{% macro provisioned_cost(unit_hours, prices="") %}
    {{
        usd(
            beyond(
                "(" ~ paid_unit_hours(unit_hours) ~ " * " ~ prices ~ "unit_hour_price_usd)",
                prices ~ "sunk_plan_usd",
            )
        )
    }}
{% endmacro %}
