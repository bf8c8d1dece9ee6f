{# What is added to a finding about a decision, each beginning with a semicolon, and nothing where it does not apply. #}
{% macro replicas_note() %}
    case
        when tables > 1 and keep_reason is null
        then
            concat(
                '; decided for ',
                tables,
                ' replicas together, which save ',
                {{ usd_text("decision_savings_usd") }}
            )
    end
{%- endmacro %}

{% macro demand_notes(throttle_events) %}
    concat(
        case
            when {{ throttle_events }} > 0
            then
                concat(
                    '; ',
                    {{ number_text(throttle_events) }},
                    ' throttle events mean that demand was higher than seen'
                )
        end,
        case when has_on_demand_maximum then '; a maximum on-demand throughput limits it today' end,
        case
            when outgrows_earlier_peaks
            then '; its peak is more than {{ var("peak_growth") }} times any earlier one'
        end,
        case
            when exceeds_quota then '; its peak is above the default quota of {{ var("max_capacity") }} units'
        end
    )
{%- endmacro %}
