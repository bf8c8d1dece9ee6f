{# Tables here have no keys, indexes, grants or partitions. dbt-duckdb's own materialization asks for each of them and
   renames up to three times, which for most models takes longer than to fill the table. #}
{% materialization table, adapter = "duckdb" %}
    {%- set target_relation = this.incorporate(type="table") -%}
    {%- set existing_relation = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks) }}
    {% call statement("main") %}
        {{ drop_statement(existing_relation) }} {{ create_table_as(False, target_relation, compiled_code) }}
    {% endcall %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}
