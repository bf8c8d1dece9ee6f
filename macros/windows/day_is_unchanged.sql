{# Whether a built day still stands: the same is known of it, and where its spans end no later load signed them. #}
{% macro day_is_unchanged(known, built) %}
    {{ known }}.resource_day_key = {{ built }}.resource_day_key
    and {{ known }}.ranges_hash = {{ built }}.ranges_hash
    and (
        {{ known }}.recent_operation_ids is null
        or {{ known }}.recent_operation_ids is not distinct from {{ built }}.recent_operation_ids
    )
{% endmacro %}
