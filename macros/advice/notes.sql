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

{# Beyond what the ages and gaps themselves say, nothing is judged here: what is too little for advice, history_judged says. #}
{% macro coverage_notes() %}
    concat(
        case
            when staleness_minutes > {{ var("stale_days") }} * 1440
            then
                concat(
                    '; stale: nothing newer than ',
                    {{ number_text("staleness_minutes / 1440.0", 1) }},
                    ' days is known, of ',
                    {{ instant_text("last_known_at") }},
                    ' UTC'
                )
        end,
        case
            when inner_gap_minutes > 0
            then
                concat(
                    '; ',
                    {{ number_text("inner_gap_minutes") }},
                    case when inner_gap_minutes = 1 then ' minute is' else ' minutes are' end,
                    ' unknown in ',
                    inner_gaps,
                    case when inner_gaps = 1 then ' gap' else ' gaps, the largest' end,
                    case
                        when inner_gaps > 1
                        then concat(' of ', {{ number_text("largest_inner_gap_minutes") }})
                    end,
                    ' from ',
                    {{ instant_text("largest_inner_gap_starts_at") }},
                    ' UTC on'
                )
        end,
        case
            when known_minutes_at_300 > 0
            then
                concat(
                    '; ',
                    {{ number_text("known_minutes_at_300 / 1440.0", 1) }},
                    ' of ',
                    {{ number_text("known_minutes / 1440.0", 1) }},
                    ' known days are in 300-second points only'
                )
        end,
        case when autoscaling_unknown = 1 then '; whether it is autoscaled could not be read' end,
        {% for reading, words in {"minutes": "demand", "hours": "long memory"}.items() %}
            case
                when {{ reading }}_outcome in ('denied', 'failed')
                then
                    concat(
                        '; the last reading of its {{ words }} ',
                        case
                            when {{ reading }}_outcome = 'denied' then 'was denied on ' else 'failed on '
                        end,
                        {{ day_text(reading ~ "_tried_at") }}
                    )
            end,
        {% endfor %}
        {{ place_notes() }}
    )
{%- endmacro %}

{% macro place_notes() %}
    case
        when denied_since_at is not null
        then
            concat(
                '; stale: access to its account has been denied since ',
                {{ day_text("denied_since_at") }},
                coalesce(', so that its settings are of ' || {{ day_text("last_successful_read_at") }}, '')
            )
        when read_staleness_minutes > {{ var("stale_days") }} * 1440
        then concat('; its settings were last read on ', {{ day_text("last_successful_read_at") }})
    end
{%- endmacro %}

{# In a query that has the table's row of int_reconciliation__models_judged as models. #}
{% macro model_note() %} coalesce('; ' || models.note, ''){%- endmacro %}

{# What may follow "; " in the reason of a change, and null where it strands nothing. #}
{% macro stranded_note(usd_a_month, lacks_rate, ends_at) %}
    case
        when {{ lacks_rate }}
        then 'owned commitments would be left without use, whose cost the bill does not tell'
        when {{ usd_a_month }} > 0
        then
            concat(
                {{ usd_text(usd_a_month) }},
                ' a month of owned commitments would be left without use',
                case when {{ ends_at }} is not null then concat(' until ', {{ day_text(ends_at) }}) end
            )
    end
{%- endmacro %}
