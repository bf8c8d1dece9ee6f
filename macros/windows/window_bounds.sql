{# The window as minutes since 1970 and as the days that it touches, in one row. #}
{% macro window_bounds() %}
    select
        divide(epoch_ms({{ window_start() }}), 60000) as start_minute,
        divide(epoch_ms({{ window_end() }}), 60000) as end_minute,
        cast({{ window_start() }} as date) as first_day,
        cast({{ window_end() }} - interval '1' minute as date) as last_day
{%- endmacro %}
