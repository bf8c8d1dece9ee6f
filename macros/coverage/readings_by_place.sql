{%- macro readings_by_place(relation, readings) -%}
    select
        account_id,
        region,
        {% for reading in readings %}
            max(case when reading = '{{ reading }}' then outcome end) as {{ reading }}_outcome,
            max(case when reading = '{{ reading }}' then tried_at end) as {{ reading }}_tried_at,
            max(case when reading = '{{ reading }}' then problem end) as {{ reading }}_problem
            {{ "," if not loop.last }}
        {% endfor %}
    from {{ relation }}
    group by account_id, region
{%- endmacro %}
