{# Whole units of fixed capacity that hold the highest minute stored and the highest hour remembered, in a query that has
   a dimension's peaks. #}
{% macro needed_units() %}
    greatest(
        1,
        {{
            whole_units(
                "greatest(coalesce(stored_peak_units_per_second, 0), coalesce(max_units_per_second, 0), "
                ~ "coalesce(long_memory_peak_units_per_second, 0)) / "
                ~ var("peak_utilization")
            )
        }}
    )
{%- endmacro %}
