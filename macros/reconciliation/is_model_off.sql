{# An error counts when it is large for what was billed and in dollars, and seen for long enough to be no chance. #}
{% macro is_model_off(error_usd, billed_usd, hours) %}
    (
        {{ hours }} >= {{ var("model_error_hours") }}
        and abs({{ error_usd }}) > {{ var("model_error_usd") }}
        and abs({{ error_usd }}) * 100 > {{ var("model_error_pct") }} * abs({{ billed_usd }})
    )
{%- endmacro %}
