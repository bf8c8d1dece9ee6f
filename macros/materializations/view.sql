{# As the table beside it, with fewer statements than dbt-duckdb's own. #}
{% materialization view, adapter = "duckdb" %}
    {%- set target_relation = this.incorporate(type="view") -%}
    {%- set existing_relation = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks) }}
    {% call statement("main") %}
        {{ drop_statement(existing_relation) }} {{ get_create_view_as_sql(target_relation, compiled_code) }}
    {% endcall %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}
