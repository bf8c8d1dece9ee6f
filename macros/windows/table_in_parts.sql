{# A table that is filled in several statements, each over a part of the resources, so that its memory is bounded
   whatever the organisation's size: DuckDB's lists, unlike its sorts and joins, cannot be moved to disk while they
   are gathered. The config `split_by` names the model that has a row per resource; the model's SQL says with in_part what a part is. #}
{% materialization table_in_parts, adapter = "duckdb" %}
    {%- set target_relation = this.incorporate(type="table") -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set intermediate_relation = make_intermediate_relation(target_relation) -%}
    {%- set leftover_relation = load_cached_relation(intermediate_relation) -%}
    {%- set counted = run_query("select count(*) from " ~ ref(config.require("split_by"))) -%}
    {%- set parts = [
        1,
        (counted.rows[0][0] / var("resources_per_part")) | round(0, "ceil") | int,
    ] | max -%}

    {{ drop_relation_if_exists(leftover_relation) }}
    {{ run_hooks(pre_hooks) }}
    {% for part in range(parts) %}
        {% do run_query("set variable parts = " ~ parts ~ "; set variable part = " ~ part) %}
        {% call statement("main") %}
            {%- if loop.first %} {{ create_table_as(False, intermediate_relation, compiled_code) }}
            {%- else %} insert into {{ intermediate_relation }} {{ compiled_code }}
            {%- endif %}
        {% endcall %}
        -- Committed rows leave memory.
        {% do adapter.commit() %}
    {% endfor %}
    {% do run_query("reset variable parts; reset variable part") %}

    {{ drop_relation_if_exists(existing_relation) }}
    {% do adapter.rename_relation(intermediate_relation, target_relation) %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}
