{# Runs the model's SQL once for each part and puts the rows into a relation, which the first part creates if new. #}
{% macro fill_in_parts(relation, is_new) %}
    {%- set standing = "select 0 where false" if is_new else rows_that_stand() -%}
    {%- set wanted = run_query(
        "select (select count(*) from "
        ~ ref(config.require("split_by"))
        ~ ") - (select count(*) from ("
        ~ standing
        ~ "))"
    ).rows[0][0] -%}
    {%- set share = wanted * config.get("memory_share", 1) / var("resources_per_part") -%}
    {%- set parts = [1, share | round(0, "ceil") | int] | max -%}
    {% for part in range(parts) %}
        {% do run_query("set variable parts = " ~ parts ~ "; set variable part = " ~ part) %}
        {% call statement("main") %}
            {%- if is_new and loop.first %} {{ create_table_as(False, relation, compiled_code) }}
            {%- else %} insert into {{ relation }} by name {{ compiled_code }}
            {%- endif %}
        {% endcall %}
        {%- if is_new %} {% do adapter.commit() %} {% endif -%}
    {% endfor %}
    {% do run_query("reset variable parts; reset variable part") %}
{% endmacro %}
