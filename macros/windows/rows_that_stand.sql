{# The keys of what an incremental model built before and need not build again. Joined by the key alone and filtered
   afterwards: with a condition that is not an equation, DuckDB would compare every row with every other. #}
{% macro rows_that_stand() %}
    select wanted.{{ config.require("unique_key") }}
    from {{ ref(config.require("split_by")) }} as wanted
    inner join
        {{ this }} as built
        on wanted.{{ config.require("unique_key") }} = built.{{ config.require("unique_key") }}
    where {{ context[config.require("unchanged_when")]("wanted", "built") }}
{% endmacro %}
