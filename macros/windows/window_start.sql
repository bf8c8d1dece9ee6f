{# The start of the demand window, inclusive. #}
{% macro window_start() %} {{ window_end() }} - interval '{{ window_days() }}' day{% endmacro %}
