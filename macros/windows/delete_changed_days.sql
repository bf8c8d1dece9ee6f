{# Deletes the days that were built from other spans than there are now (points fetched anew, spans withdrawn), so
   that the model has to build exactly what is missing. Runs in the model's own transaction. #}
{% macro delete_changed_days() %}
    {%- if is_incremental() %}
        delete from {{ this }} as built
        where
            not exists (
                select 1
                from {{ ref("int_demand__days_known") }} as days_known
                where {{ day_is_unchanged("days_known", "built") }}
            )
    {%- endif %}
{% endmacro %}
