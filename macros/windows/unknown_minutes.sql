{# So many minutes (DOUBLE[]) of which nothing is known. #}
{% macro unknown_minutes(minutes) %} list_resize(cast([] as double[]), {{ minutes }}){% endmacro %}
