{# Whether a built day still stands: the same is known of it, and no later load read any of it in its account and region. Days
   that do not are built again: points were fetched anew, or spans withdrawn. #}
{% macro day_is_unchanged(known, built) %}
    {{ known }}.ranges_hash = {{ built }}.ranges_hash
    and (
        {{ known }}.recent_operation_ids is null
        or {{ known }}.recent_operation_ids is not distinct from {{ built }}.recent_operation_ids
    )
{% endmacro %}
