{% macro drop_statement(relation) -%}
    {%- if relation is not none -%} drop {{ relation.type }} if exists {{ relation }}
        ;
    {%- endif -%}
{%- endmacro %}
