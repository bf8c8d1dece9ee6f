{%- macro reading_not_done(outcome, before, after) -%}
    case
        when {{ outcome }} in ('denied', 'failed', 'interrupted')
        then
            concat(
                {{ before }},
                case
                    {{ outcome }}
                    when 'denied'
                    then 'was denied'
                    when 'failed'
                    then 'failed'
                    else 'was interrupted'
                end,
                {{ after }}
            )
    end
{%- endmacro %}
