{# The capacity that brings a rate to a dimension's target, within its bounds. #}
{% macro wanted_capacity(dimension, rate) -%}
    greatest(
        setting.{{ dimension }}_min,
        least(setting.{{ dimension }}_max, ceil({{ rate }} / setting.{{ dimension }}_target - 1e-9))
    )
{%- endmacro %}

{# The capacity that the alarms ask for after a known minute: the one in force when none does. #}
{% macro asked_capacity(dimension) -%}
    {%- set units = "state." ~ dimension ~ ".units" -%}
    {%- set age = "step.minute - state." ~ dimension ~ ".since + 1" -%}
    case
        when step.pair_min > setting.{{ dimension }}_target * {{ units }} + 1e-9 and {{ age }} >= 2
        then greatest({{ units }}, {{ wanted_capacity(dimension, "step.pair_max") }})
        when
            step.quarter_max < round(setting.{{ dimension }}_target - 2e-1, 9) * {{ units }} - 1e-9
            and {{ age }} >= 15
            and (step.quarter_min > 0 or not setting.hold_at_zero)
        then least({{ units }}, {{ wanted_capacity(dimension, "step.quarter_max") }})
        else {{ units }}
    end
{%- endmacro %}

{# Whether a step is a dimension's chance to decide: after a known minute, with nothing pending. #}
{% macro may_decide(dimension) -%}
    step.phase = '{{ dimension }} acts' and step.rate is not null and state.{{ dimension }}.pending_at < 0
{%- endmacro %}

{# Whether a step is a dimension's decision for less, which DynamoDB grants: the first of a UTC day, up to the
   fourth within an hour of the first, and any an hour after the one before. #}
{% macro is_decrease(dimension) -%}
    (
        {{ may_decide(dimension) }}
        and state.{{ dimension }}.asked < state.{{ dimension }}.units
        and (
            state.day <> step.day
            or (state.decreases < 4 and step.minute - state.first_at < 60)
            or step.minute - state.last_at >= 60
        )
    )
{%- endmacro %}

{# A dimension's state with some of its fields updated. #}
{% macro updated_dimension(dimension, updates) -%}
    {%- set fields = {} -%}
    {%- for field in [
        "units",
        "since",
        "changes",
        "asked",
        "pending_at",
        "increases",
        "decreases",
        "bucket",
        "throttled_units",
        "throttled_minutes",
    ] -%}
        {%- do fields.update({field: updates.get(field, "state." ~ dimension ~ "." ~ field)}) -%}
    {%- endfor -%}
    {{- struct_of(fields) -}}
{%- endmacro %}

{# A dimension's state after a step. #}
{% macro folded_dimension(dimension) -%}
    {%- set own = "state." ~ dimension -%}
    {%- set pending_at = "step.minute + 1 + setting.delay_minutes" -%}
    {%- set change = struct_of({"minute": "step.minute", "units": own ~ ".asked"}) -%}
    {%- set available = "(60 * " ~ own ~ ".units + " ~ own ~ ".bucket)" -%}
    {%- set left = "greatest(0, " ~ available ~ " - 60 * step.rate)" -%}
    {%- set throttled = "greatest(0, 60 * step.rate - " ~ available ~ ")" -%}
    case
        when step.phase = '{{ dimension }} begins' and {{ own }}.pending_at = step.minute
        then
            {{
                updated_dimension(
                    dimension,
                    {
                        "units": own ~ ".asked",
                        "since": "step.minute",
                        "changes": "array_append(" ~ own ~ ".changes, " ~ change ~ ")",
                        "pending_at": "-1e0",
                    },
                )
            }}
        when step.phase = '{{ dimension }} looks' and step.rate is not null
        then
            {{
                updated_dimension(
                    dimension,
                    {
                        "bucket": "least(setting.burst_seconds * " ~ own ~ ".units, " ~ left ~ ")",
                        "throttled_units": own ~ ".throttled_units + " ~ throttled,
                        "throttled_minutes": own
                        ~ ".throttled_minutes + case when "
                        ~ throttled
                        ~ " > 1e-6 then 1 else 0 end",
                        "asked": "case when "
                        ~ own
                        ~ ".pending_at < 0 then "
                        ~ asked_capacity(dimension)
                        ~ " else "
                        ~ own
                        ~ ".asked end",
                    },
                )
            }}
        when {{ may_decide(dimension) }} and {{ own }}.asked > {{ own }}.units
        then
            {{
                updated_dimension(
                    dimension, {"pending_at": pending_at, "increases": own ~ ".increases + 1"}
                )
            }}
        when {{ is_decrease(dimension) }}
        then
            {{
                updated_dimension(
                    dimension, {"pending_at": pending_at, "decreases": own ~ ".decreases + 1"}
                )
            }}
        else {{ own }}
    end
{%- endmacro %}

{# The state of both dimensions, and of the decreases of the day, after a step. #}
{% macro folded_state() -%}
    {%- set is_granted = "(" ~ is_decrease("read") ~ " or " ~ is_decrease("write") ~ ")" -%}
    {%- set is_first = is_granted ~ " and state.day <> step.day" -%}
    {{-
        struct_of(
            {
                "read": folded_dimension("read"),
                "write": folded_dimension("write"),
                "day": "case when " ~ is_granted ~ " then step.day else state.day end",
                "decreases": "case when "
                ~ is_first
                ~ " then 1 when "
                ~ is_granted
                ~ " then state.decreases + 1 else state.decreases end",
                "first_at": "case when " ~ is_first ~ " then step.minute else state.first_at end",
                "last_at": "case when " ~ is_granted ~ " then step.minute else state.last_at end",
            }
        )
    -}}
{%- endmacro %}

{# A dimension's state before the first step; `opening` is the highest of the first known rates. #}
{% macro opening_dimension(dimension, opening) -%}
    {%- set units = wanted_capacity(dimension, opening) -%}
    {{-
        updated_dimension(
            dimension,
            {
                "units": units,
                "since": "0e0",
                "changes": list_of_one(struct_of({"minute": "0e0", "units": units})),
                "asked": units,
                "pending_at": "-1e0",
                "increases": "0e0",
                "decreases": "0e0",
                "bucket": "setting.burst_seconds * " ~ units,
                "throttled_units": "0e0",
                "throttled_minutes": "0e0",
            },
        )
    -}}
{%- endmacro %}

{# The state before the first step. #}
{% macro opening_state() -%}
    {{-
        struct_of(
            {
                "read": opening_dimension("read", "read_opening"),
                "write": opening_dimension("write", "write_opening"),
                "day": "-1e0",
                "decreases": "0e0",
                "first_at": "0e0",
                "last_at": "0e0",
            }
        )
    -}}
{%- endmacro %}
