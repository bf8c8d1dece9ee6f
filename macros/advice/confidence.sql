{# How far the window carries the advice. `is_doubtful` lowers it by one step where something else speaks
   against it, such as a peak above the account's quota. #}
{% macro confidence(
    window_start,
    window_end,
    coverage_ratio,
    resolution_seconds,
    throttle_events,
    price_source,
    is_doubtful="false"
) %}
    case
        when
            {{ window_end }} - {{ window_start }} < interval '14' day
            or {{ resolution_seconds }} > 60
            or {{ throttle_events }} > 0
            or coalesce({{ price_source }}, 'seed') <> 'price list'
        then 'low'
        when {{ coverage_ratio }} >= {{ var("history_coverage") }}
        then case when {{ is_doubtful }} then 'medium' else 'high' end
        when {{ is_doubtful }}
        then 'low'
        else 'medium'
    end
{% endmacro %}

{# One step less, where the model that the figures come from does not meet the bill. #}
{% macro confidence_in_model(confidence, is_off) %}
    case
        when not coalesce({{ is_off }}, false)
        then {{ confidence }}
        when {{ confidence }} = 'high'
        then 'medium'
        else 'low'
    end
{% endmacro %}
