{# What a free-tier pool has for a component of throughput, in a query that has the pool: share or unit-hours, 0 without one. #}
{% macro of_pool(component, column) %}
    coalesce(
        case
            {{ component }}
            when 'replicated_write'
            then pools.replicated_write_{{ column }}
            when 'write'
            then pools.write_{{ column }}
            else pools.read_{{ column }}
        end,
        0
    )
{%- endmacro %}
