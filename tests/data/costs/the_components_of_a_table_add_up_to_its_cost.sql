-- A component that is missing from the list would leave a table's parts short of its whole.
{{ config(tags=["whole_build"]) }}

select cost_key, net_cost
from {{ ref("fct_dynamodb_costs") }}
where
    net_cost
    <> {%- for component in components() %} {{ component }}_cost {{ "+" if not loop.last }} {% endfor %}
