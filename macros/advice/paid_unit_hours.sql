{# Unit-hours that are left to pay of so many, in a query that has the dimension's free-tier share and what owned reserved
   capacity covers of it. #}
{% macro paid_unit_hours(unit_hours) %}
    {{
        billed_unit_hours(
            "(" ~ beyond(unit_hours, "sunk_unit_hours") ~ ")", "free_share", "free_unit_hours"
        )
    }}
{% endmacro %}
