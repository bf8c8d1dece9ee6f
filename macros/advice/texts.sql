{# How numbers read in a reason. One place, so that the same amount reads the same everywhere. #}
{% macro usd_text(expression) %}
    {{- return(adapter.dispatch("usd_text", "dynamodb_optima")(expression)) -}}
{% endmacro %}

{% macro default__usd_text(expression) %}
    {# As decimals, so that half a cent is rounded up here as it is everywhere else. #}
    format('{:,.2f} USD', cast(round({{ usd(expression) }}, 2) as double))
{% endmacro %}

{% macro spark__usd_text(expression) %} concat(format_number({{ expression }}, 2), ' USD'){% endmacro %}

{% macro number_text(expression, decimals=0) %}
    {{- return(adapter.dispatch("number_text", "dynamodb_optima")(expression, decimals)) -}}
{% endmacro %}

{% macro default__number_text(expression, decimals) %}
    format('{:,.{{ decimals }}f}', cast({{ expression }} as double))
{%- endmacro %}

{% macro spark__number_text(expression, decimals) %}
    format_number({{ expression }}, {{ decimals }})
{% endmacro %}

{% macro percent_text(ratio, decimals=1) %}
    concat({{ number_text("100 * " ~ ratio, decimals) }}, ' %')
{% endmacro %}

{% macro instant_text(expression) %}
    substring(cast({{ expression }} as {{ dbt.type_string() }}), 1, 16)
{%- endmacro %}

{% macro day_text(expression) %}
    cast(cast({{ expression }} as date) as {{ dbt.type_string() }})
{%- endmacro %}
