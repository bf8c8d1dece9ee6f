{# One query for all columns of a model: a test costs dbt more than it costs the database. #}
{% test well_formed(model, never_null, keys=[], accepted_values={}) %}
    with
        judged as (
            select
                concat_ws(
                    ', '
                    {%- for column in never_null %}
                        , case when {{ column }} is null then '{{ column }} is null' end
                    {%- endfor %}
                    {%- for column, values in accepted_values.items() %}
                        {%- set listed = (
                            "'" ~ values | join("', '") ~ "'"
                            if values[0] is string
                            else values | join(", ")
                        ) %},
                        case
                            when {{ column }} not in ({{ listed }})
                            then concat('{{ column }} is ', cast({{ column }} as {{ dbt.type_string() }}))
                        end
                    {%- endfor %}
                ) as problem
            from {{ model }}
        )
        {%- for key in keys %}
            {%- set columns = [key] if key is string else key %},
            repeated_{{ loop.index }} as (
                select
                    concat(
                        '{{ columns | join(", ") }} is not unique: ',
                        concat_ws(
                            ', '
                            {%- for column in columns %}
                                , coalesce(cast({{ column }} as {{ dbt.type_string() }}), 'null')
                            {%- endfor %}
                        )
                    ) as problem,
                    count(*) as row_count
                from {{ model }}
                group by {{ columns | join(", ") }}
                having count(*) > 1
            )
        {%- endfor %}

    select problem, count(*) as row_count
    from judged
    where problem <> ''
    group by problem
    {%- for key in keys %}
        union all
        select problem, row_count
        from repeated_{{ loop.index }}
    {%- endfor %}
{% endtest %}
