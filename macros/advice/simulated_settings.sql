{# Simulates every policy of a model of settings; the arrays of a resource are read once for all of its. #}
{% macro simulated_settings(settings) %}
    with
        settings as (select * from {{ settings }}),

        windows as (select resource_key, start_minute, reads, writes from {{ ref("int_demand__windows") }}),

        lists as (
            select resource_key, list({{ simulation_setting("setting_id", "hold_at_zero") }}) as settings
            from settings
            group by resource_key
        ),

        results as (
            select
                windows.resource_key,
                unnest(
                    optima_simulate(windows.reads, windows.writes, windows.start_minute, lists.settings)
                ) as result
            from windows
            inner join lists on windows.resource_key = lists.resource_key
        )

    select
        {{ surrogate_key(["resource_key", "result.setting_id"]) }} as resource_setting_key,
        resource_key,
        result.setting_id,
        result.known_minutes,
        {% for dimension in ["read", "write"] %}
            result.{{ dimension }}_unit_hours,
            result.{{ dimension }}_unit_hours_upper,
            result.{{ dimension }}_least,
            result.{{ dimension }}_greatest,
            result.{{ dimension }}_increases,
            result.{{ dimension }}_decreases,
            result.{{ dimension }}_throttled_units,
            result.{{ dimension }}_throttled_minutes {{ "," if not loop.last }}
        {% endfor %}
    from results
{% endmacro %}
