{# A table that is filled in several statements, each over a part of the resources, so that its memory is bounded
   whatever the organisation's size: lists, unlike sorts and joins, stay in memory while DuckDB gathers them.

   Config `split_by` names the model that has one row for each here; `memory_share` is what a row costs compared with
   a window; `unchanged_when`, of an incremental model, is the macro that tells whether a row built before still stands,
   found by `unique_key`. Those that do not are deleted in one transaction with the insertion of those that are missing. #}
{% materialization table_in_parts, adapter = "duckdb" %}
    {%- set target_relation = this.incorporate(type="table") -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set intermediate_relation = make_intermediate_relation(target_relation) -%}

    {{ run_hooks(pre_hooks) }}
    {% if builds_on_itself() %}
        {% call statement("delete") %}
            delete from {{ this }} where {{ config.require("unique_key") }} not in ({{ rows_that_stand() }})
        {% endcall %}
        {% do fill_in_parts(target_relation, is_new=False) %}
    {% else %}
        {{ drop_relation_if_exists(load_cached_relation(intermediate_relation)) }}
        {% do fill_in_parts(intermediate_relation, is_new=True) %}
        {{ drop_relation_if_exists(existing_relation) }}
        {% do adapter.rename_relation(intermediate_relation, target_relation) %}
    {% endif %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}
