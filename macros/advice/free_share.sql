{# The share of a pool's monthly use that its free units cover. A pool that uses none today has no share: no
   saving is built on free units that nobody uses yet. #}
{% macro free_share(free_amount, used_amount) %}
    case
        when {{ used_amount }} > 0
        then least(1.0, cast({{ free_amount }} as double) / cast({{ used_amount }} as double))
        else 0.0
    end
{% endmacro %}
