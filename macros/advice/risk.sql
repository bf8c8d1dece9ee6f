{# How likely it is that demand does not fit the capacity. A table without capacity (on-demand) has no
   utilisation, so that its risk is never called low. #}
{% macro risk(throttle_events, p99_utilization, peak_to_mean) %}
    case
        when {{ throttle_events }} > 0 or {{ p99_utilization }} > 0.8 or {{ peak_to_mean }} > 10
        then 'high'
        when {{ p99_utilization }} < 0.5
        then 'low'
        else 'medium'
    end
{% endmacro %}
