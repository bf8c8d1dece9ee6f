{# The end of the demand window, exclusive: the build's "now", at the last whole minute. #}
{% macro window_end() %} date_trunc('minute', {{ as_of() }}){% endmacro %}
