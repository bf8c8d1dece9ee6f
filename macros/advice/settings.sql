{# Settings as the JSON text of the recommendations, null where a part is unknown. The keys are plain words and
   the names of indexes know no quote or backslash, so concatenation is enough, on every engine. #}
{% macro units_setting(units) %}
    '{"units":' || cast({{ units }} as {{ dbt.type_string() }}) || '}'
{%- endmacro %}

{% macro policy_setting(minimum, maximum, target) %}
    '{"min":'
    || cast({{ minimum }} as {{ dbt.type_string() }})
    || ',"max":'
    || cast({{ maximum }} as {{ dbt.type_string() }})
    || ',"target":'
    || cast(round(cast({{ target }} as double), 4) as {{ dbt.type_string() }})
    || '}'
{%- endmacro %}

{% macro read_write_setting(read_setting, write_setting) %}
    '"read":' || {{ read_setting }} || ',"write":' || {{ write_setting }}
{%- endmacro %}

{% macro dimension_setting(dimensions) %}
    case
        when {{ dimensions }}.is_autoscaled
        then
            {{
                policy_setting(
                    dimensions ~ ".autoscaling_min",
                    dimensions ~ ".autoscaling_max",
                    dimensions ~ ".autoscaling_target",
                )
            }}
        else {{ units_setting(dimensions ~ ".units") }}
    end
{%- endmacro %}
