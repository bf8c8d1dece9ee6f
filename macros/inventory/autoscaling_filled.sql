{%- macro autoscaling_filled(relation, identity) -%}
    {%- set same_life = identity | join(", ") %}
    select
        * exclude (later_readings) replace (
            {% for dimension in ["read", "write"] %}
                {% for column in ["min", "max", "target_pct"] %}
                    max({{ dimension }}_autoscaling_{{ column }}) over stretch
                    as {{ dimension }}_autoscaling_{{ column }},
                {% endfor %}
            {% endfor %}
            later_readings = 0 as is_autoscaling_unknown
        )
    from
        (
            select
                *,
                count(case when is_autoscaling_unknown then null else 1 end) over (
                    partition by {{ same_life }} order by valid_from desc
                ) as later_readings
            from {{ relation }}
        )
    window stretch as (partition by {{ same_life }}, later_readings)
{%- endmacro %}
