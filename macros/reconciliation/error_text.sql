{# "0.40 USD (3.2 %) too much": an error as an explanation says it. The percentage is of what was billed. #}
{% macro error_text(error_usd, error_pct) %}
    concat(
        {{ usd_text("abs(" ~ error_usd ~ ")") }},
        coalesce(' (' || {{ number_text("abs(" ~ error_pct ~ ")", 1) }} || ' %)', ''),
        case when {{ error_usd }} > 0 then ' too much' else ' too little' end
    )
{%- endmacro %}
