{# md5 of the columns' texts joined by '|'. A null counts as the empty text, so that a table (without an
   index name) has a key too. Names of accounts, regions, tables and indexes contain no '|'. #}
{% macro surrogate_key(columns) %}
    {{- return(adapter.dispatch("surrogate_key", "dynamodb_optima")(columns)) -}}
{% endmacro %}

{% macro default__surrogate_key(columns) %}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- do texts.append("coalesce(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), '')") -%}
    {%- endfor -%}
    md5(concat({{ texts | join(", '|', ") }}))
{%- endmacro %}
