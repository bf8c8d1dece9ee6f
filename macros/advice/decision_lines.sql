{# Every line of the decisions file with its number. The file may be missing (nobody decided yet) or empty,
   and DuckDB refuses to read a missing one, so that it is looked for first. #}
{% macro decision_lines() %}
    {{- return(adapter.dispatch("decision_lines", "dynamodb_optima")()) -}}
{% endmacro %}

{% macro default__decision_lines() %}
    {#- As a plain timestamp, an instant would be read without its offset. -#}
    {%- set columns = {
        "recommendation_id": "varchar",
        "status": "varchar",
        "decided_at": "timestamptz",
        "decided_by": "varchar",
        "reason": "varchar",
        "snoozed_until": "timestamptz",
        "about": "varchar",
    } -%}
    {%- set path = var("decisions_path") -%}
    {%- set is_there = execute and run_query("select 1 from glob('" ~ path ~ "')").rows | length > 0 -%}
    {%- if is_there -%}
        select *, row_number() over () as line_number
        from read_json('{{ path }}', format = 'newline_delimited', columns = {{ columns }})
    {%- else -%}
        select
            {% for name, type in columns.items() %} cast(null as {{ type }}) as {{ name }},
            {% endfor %}
            cast(null as bigint) as line_number
        where false
    {%- endif -%}
{% endmacro %}
