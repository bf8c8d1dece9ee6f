{# Whether the model adds to what it built before. dbt's is_incremental knows dbt's own materialization only. #}
{% macro builds_on_itself() %}
    {%- if not execute or not config.get("unchanged_when") or should_full_refresh() -%}
        {{- return(false) -}}
    {%- endif -%}
    {{- return(load_relation(this) is not none) -}}
{% endmacro %}
