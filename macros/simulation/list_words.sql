{# The few words about lists and structs that DuckDB and Spark do not share. #}
{# A struct of named values: {name: expression}. #}
{% macro struct_of(fields) %}
    {{- return(adapter.dispatch("struct_of", "dynamodb_optima")(fields)) -}}
{% endmacro %}

{% macro default__struct_of(fields) -%}
    {%- set packed = [] -%}
    {%- for name, value in fields.items() %} {% do packed.append(name ~ " := " ~ value) %} {% endfor -%}
    struct_pack({{ packed | join(", ") }})
{%- endmacro %}

{% macro spark__struct_of(fields) -%}
    {%- set packed = [] -%}
    {%- for name, value in fields.items() %} {% do packed.append("'" ~ name ~ "', " ~ value) %} {% endfor -%}
    named_struct({{ packed | join(", ") }})
{%- endmacro %}

{# All of a group's structs as a list, in the order of `order_by`, a field of theirs. #}
{% macro list_in_order(struct, order_by) %}
    {{- return(adapter.dispatch("list_in_order", "dynamodb_optima")(struct, order_by)) -}}
{% endmacro %}

{% macro default__list_in_order(struct, order_by) -%}
    list({{ struct }} order by {{ struct }}.{{ order_by }})
{%- endmacro %}

{# Structs are sorted by their fields from the first on, so that `order_by` must be the first. #}
{% macro spark__list_in_order(struct, order_by) -%} sort_array(collect_list({{ struct }})) {%- endmacro %}

{# `body` for each element of a list in turn, beginning with `initial`; it calls them `state` and `step`. #}
{% macro list_folded(list, body, initial) %}
    {{- return(adapter.dispatch("list_folded", "dynamodb_optima")(list, body, initial)) -}}
{% endmacro %}

{% macro default__list_folded(list, body, initial) -%}
    list_reduce({{ list }}, lambda state, step:{{ body }}, {{ initial }})
{%- endmacro %}

{% macro spark__list_folded(list, body, initial) -%}
    aggregate({{ list }}, {{ initial }}, (state, step) -> {{ body }})
{%- endmacro %}

{# A list of one element. #}
{% macro list_of_one(item) %}
    {{- return(adapter.dispatch("list_of_one", "dynamodb_optima")(item)) -}}
{% endmacro %}

{% macro default__list_of_one(item) -%} [{{ item }}] {%- endmacro %}

{% macro spark__list_of_one(item) -%} array({{ item }}) {%- endmacro %}

{# One row per minute of a relation with a key, reads and writes: minute (from 0), read_rate and write_rate. #}
{% macro minutes_unnested(relation, key) %}
    {{- return(adapter.dispatch("minutes_unnested", "dynamodb_optima")(relation, key)) -}}
{% endmacro %}

{% macro default__minutes_unnested(relation, key) %}
    select
        {{ key }},
        start_minute,
        unnest(range(len(reads))) as minute,
        unnest(reads) as read_rate,
        unnest(writes) as write_rate
    from {{ relation }}
{% endmacro %}

{% macro spark__minutes_unnested(relation, key) %}
    select {{ key }}, start_minute, minute, rates.reads as read_rate, rates.writes as write_rate
    from {{ relation }}
    lateral view posexplode(arrays_zip(reads, writes)) as minute, rates
{% endmacro %}

{# One row per change of a folded state: dimension, minute and the units in force from then on. #}
{% macro changes_unnested(relation, key) %}
    {{- return(adapter.dispatch("changes_unnested", "dynamodb_optima")(relation, key)) -}}
{% endmacro %}

{% macro default__changes_unnested(relation, key) %}
    {% for dimension in ["read", "write"] %}
        select
            {{ key }}, '{{ dimension }}' as dimension, unnest(state.{{ dimension }}.changes, max_depth := 2)
        from {{ relation }} {{ "union all" if not loop.last }}
    {% endfor %}
{% endmacro %}

{% macro spark__changes_unnested(relation, key) %}
    {% for dimension in ["read", "write"] %}
        select
            {{ key }},
            '{{ dimension }}' as dimension,
            inline(state.{{ dimension }}.changes) as (minute, units)
        from {{ relation }} {{ "union all" if not loop.last }}
    {% endfor %}
{% endmacro %}
