{# Whether a row belongs to the part that is being filled; always, where nothing is filled in parts. Without the casts the remainder
   would be taken in 128 bits, forty times as slowly. #}
{% macro in_part(column) %}
    hash({{ column }}) % cast(coalesce(getvariable('parts'), 1) as ubigint)
    = cast(coalesce(getvariable('part'), 0) as ubigint)
{% endmacro %}
