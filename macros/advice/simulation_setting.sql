{# One policy as the simulation takes it, in a query that has read_target, read_min, read_max and the same of writes. #}
{% macro simulation_setting(setting_id, hold_at_zero) %}
    {
        'setting_id':{{ setting_id }},
        'read_target':read_target,
        'read_min':cast(read_min as double),
        'read_max':cast(read_max as double),
        'write_target':write_target,
        'write_min':cast(write_min as double),
        'write_max':cast(write_max as double),
        'delay_minutes':cast({{ var("scaling_delay_minutes") }} as integer),
        'burst_seconds':cast({{ var("safe_burst_seconds") }} as double),
        'hold_at_zero':{{ hold_at_zero }}
    }
{%- endmacro %}
