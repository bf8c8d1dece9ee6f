{# GB of stored data and of what DynamoDB adds to each item: 100 bytes, 148 where it is replicated. #}
{% macro storage_gb(size_bytes, item_count, is_replicated) %}
    cast(
        {{ size_bytes }} + (case when {{ is_replicated }} then 148 else 100 end) * {{ item_count }} as double
    )
    / {{ var("bytes_per_gb") }}
{%- endmacro %}
