{# The columns together identify a row; a null counts as a value, since an index name may be missing. #}
{% test unique_together(model, columns) %}
    select {{ columns | join(", ") }}, count(*) as rows_with_this_key
    from {{ model }}
    group by {{ columns | join(", ") }}
    having count(*) > 1
{% endtest %}
