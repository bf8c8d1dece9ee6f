{# Whether a row belongs to the part that table_in_parts is filling; always, where nothing is filled in parts. #}
{% macro in_part(column) %}
    hash({{ column }}) % coalesce(getvariable('parts'), 1) = coalesce(getvariable('part'), 0)
{% endmacro %}
