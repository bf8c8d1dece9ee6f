{# What a line of the bill is held against, under the price basis. Usage that a commitment covers costs its fee, which
   is of no table; FOCUS states no unblended cost, and lists a price even for what is free. #}
{% macro billed_cost() %}
    {%- if price_basis() == "list" -%}
        case
            when unblended_cost is not null
            then unblended_cost
            when coverage = 'none' and net_cost <> 0
            then list_cost
            else 0
        end
    {%- elif price_basis() == "net" -%} net_cost
    {%- else -%} case when coverage = 'none' then amortized_cost else 0 end
    {%- endif -%}
{% endmacro %}
