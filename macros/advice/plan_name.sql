{# How a plan and its class are called in a sentence. #}
{% macro plan_name(plan, billing_mode) %}
    case
        {{ plan }}
        when 'on_demand'
        then 'on-demand'
        when 'provisioned_autoscaled'
        then 'provisioned with autoscaling'
        when 'provisioned_fixed'
        then 'provisioned at fixed capacity'
        else case when {{ billing_mode }} = 'PROVISIONED' then 'provisioned as today' else 'on-demand' end
    end
{%- endmacro %}

{% macro class_name(table_class) %}
    case when {{ table_class }} = 'STANDARD' then 'Standard' else 'Standard-IA' end
{%- endmacro %}
