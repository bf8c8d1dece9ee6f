{# One query for all columns of a model: a test costs dbt more than it costs the database. #}
{% test never_null(model, columns) %}
    with
        emptied as (
            select
                concat_ws(
                    ', '
                    {%- for column in columns %}
                        , case when {{ column }} is null then '{{ column }}' end
                    {%- endfor %}
                ) as columns_without_value
            from {{ model }}
        )

    select columns_without_value, count(*) as rows_without_value
    from emptied
    where columns_without_value <> ''
    group by columns_without_value
{% endtest %}
