{# A folder's schema is called what its configuration says: the target's own schema is not put before it. #}
{% macro generate_schema_name(custom_schema_name, node) %}
    {{- (custom_schema_name or target.schema) | trim -}}
{% endmacro %}
