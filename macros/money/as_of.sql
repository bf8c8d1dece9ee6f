{# The only "now" of the project: the build's var, as a timestamp literal (UTC). #}
{% macro as_of() %} cast('{{ var("as_of") }}' as timestamp){% endmacro %}
