{%- set fixed_target = var("target_utilization") -%}
{%- set searched_targets = [0.50, 0.55, 0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.90] -%}
{%- set targets = searched_targets if fixed_target is none else [fixed_target] -%}
with
    dimensions as (select * from {{ ref("int_costs__dimensions_priced") }}),

    decisions as (select * from {{ ref("int_capacity__decisions_screened") }}),

    history as (select * from {{ ref("int_capacity__history_judged") }}),

    targets as (
        {% for target in targets %}
            select cast({{ target }} as double) as target {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    -- 2^0 to 2^40: more minimums than any capacity needs.
    ranks as (
        {% for rank in range(1, 42) %}
            select
                {{ rank }} as rank,
                cast({{ 2 ** (rank - 1) }} as bigint) as minimum
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    resources as (
        select
            reads.resource_key,
            reads.decision_key,
            reads.is_autoscaled or writes.is_autoscaled as is_autoscaled,
            {% for dimension in ["read", "write"] %}
                {{ dimension }}s.is_autoscaled as is_{{ dimension }}_autoscaled,
                {{ dimension }}s.units as {{ dimension }}_units,
                {{ dimension }}s.autoscaling_min as {{ dimension }}_autoscaling_min,
                {{ dimension }}s.autoscaling_max as {{ dimension }}_autoscaling_max,
                {{ dimension }}s.autoscaling_target as {{ dimension }}_autoscaling_target,
                coalesce({{ dimension }}s.max_units_per_second, 0) as {{ dimension }}_peak,
                greatest(
                    coalesce({{ dimension }}s.max_units_per_second, 0),
                    coalesce({{ dimension }}s.stored_peak_units_per_second, 0)
                ) as {{ dimension }}_stored_peak,
                coalesce(
                    {{ dimension }}s.long_memory_peak_units_per_second, 0
                ) as {{ dimension }}_long_memory_peak {{ "," if not loop.last }}
            {% endfor %}
        from dimensions as reads
        inner join
            dimensions as writes on reads.resource_key = writes.resource_key and writes.dimension = 'write'
        inner join history on reads.resource_key = history.resource_key
        where reads.dimension = 'read' and history.has_enough_history
    ),

    -- What the capacity mode is decided on: every target, every minimum up to what the peak needs.
    search_bounds as (
        select
            resources.resource_key,
            targets.target,
            {% for dimension in ["read", "write"] %}
                greatest(
                    1, {{ whole_units("resources." ~ dimension ~ "_peak / targets.target") }}
                ) as {{ dimension }}_last_min,
                greatest(
                    1,
                    {{ whole_units("2 * resources." ~ dimension ~ "_stored_peak / targets.target") }},
                    {{ whole_units("resources." ~ dimension ~ "_long_memory_peak / targets.target") }}
                ) as {{ dimension }}_max {{ "," if not loop.last }}
            {% endfor %}
        from resources
        inner join decisions on resources.decision_key = decisions.decision_key
        cross join targets
        where decisions.can_provisioned_win
    ),

    search as (
        select
            bounds.resource_key,
            'search' as purpose,
            bounds.target,
            ranks.rank,
            {% for dimension in ["read", "write"] %}
                bounds.target as {{ dimension }}_target,
                least(ranks.minimum, bounds.{{ dimension }}_last_min) as {{ dimension }}_min,
                bounds.{{ dimension }}_max,
            {% endfor %}
            false as hold_at_zero
        from search_bounds as bounds
        -- Up to the first rank at which both dimensions have reached their last minimum.
        inner join
            ranks
            on ranks.rank = 1
            or ranks.minimum < 2 * greatest(bounds.read_last_min, bounds.write_last_min)
    ),

    -- The policy in force. A fixed dimension is a policy that cannot move.
    own as (
        select
            resource_key,
            {% for dimension in ["read", "write"] %}
                case
                    when is_{{ dimension }}_autoscaled then {{ dimension }}_autoscaling_target else 0.7
                end as {{ dimension }}_target,
                case
                    when is_{{ dimension }}_autoscaled
                    then {{ dimension }}_autoscaling_min
                    else {{ dimension }}_units
                end as {{ dimension }}_min,
                case
                    when is_{{ dimension }}_autoscaled
                    then {{ dimension }}_autoscaling_max
                    else {{ dimension }}_units
                end as {{ dimension }}_max,
                is_{{ dimension }}_autoscaled,
                {{ dimension }}_peak,
                {{ dimension }}_stored_peak,
                {{ dimension }}_long_memory_peak {{ "," if not loop.last }}
            {% endfor %}
        from resources
        where is_autoscaled
    ),

    holds as (
        select false as hold_at_zero
        union all
        select true as hold_at_zero
    ),

    own_simulations as (
        select
            own.resource_key,
            case when holds.hold_at_zero then 'own, holding at zero' else 'own' end as purpose,
            cast(null as double) as target,
            cast(null as integer) as rank,
            own.read_target,
            own.read_min,
            own.read_max,
            own.write_target,
            own.write_min,
            own.write_max,
            holds.hold_at_zero
        from own
        cross join holds
    ),

    -- What a lower minimum is looked for with: the policy's own target, a maximum that holds the known peaks,
    -- minimums up to its own.
    minimum_bounds as (
        select
            resource_key,
            {% for dimension in ["read", "write"] %}
                {{ dimension }}_target,
                case
                    when is_{{ dimension }}_autoscaled
                    then
                        least(
                            {{ dimension }}_min,
                            greatest(1, {{ whole_units(dimension ~ "_peak / " ~ dimension ~ "_target") }})
                        )
                    else {{ dimension }}_min
                end as {{ dimension }}_last_min,
                case
                    when is_{{ dimension }}_autoscaled
                    then
                        greatest(
                            {{ dimension }}_max,
                            {{ whole_units(dimension ~ "_stored_peak / " ~ dimension ~ "_target") }},
                            {{ whole_units(dimension ~ "_long_memory_peak / " ~ dimension ~ "_target") }}
                        )
                    else {{ dimension }}_max
                end as {{ dimension }}_max,
                is_{{ dimension }}_autoscaled {{ "," if not loop.last }}
            {% endfor %}
        from own
    ),

    minimums as (
        select
            bounds.resource_key,
            'minimum' as purpose,
            cast(null as double) as target,
            ranks.rank,
            {% for dimension in ["read", "write"] %}
                bounds.{{ dimension }}_target,
                case
                    when bounds.is_{{ dimension }}_autoscaled
                    then least(ranks.minimum, bounds.{{ dimension }}_last_min)
                    else bounds.{{ dimension }}_last_min
                end as {{ dimension }}_min,
                bounds.{{ dimension }}_max,
            {% endfor %}
            false as hold_at_zero
        from minimum_bounds as bounds
        inner join
            ranks
            on ranks.rank = 1
            or ranks.minimum
            < 2
            * greatest(
                case when bounds.is_read_autoscaled then bounds.read_last_min else 1 end,
                case when bounds.is_write_autoscaled then bounds.write_last_min else 1 end
            )
    ),

    settings as (
        {% for relation in ["search", "own_simulations", "minimums"] %}
            select
                resource_key,
                purpose,
                target,
                rank,
                read_target,
                read_min,
                read_max,
                write_target,
                write_min,
                write_max,
                hold_at_zero
            from {{ relation }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    named as (
        select
            *,
            concat_ws(
                ' ',
                purpose,
                cast(round(100 * target, 4) as {{ dbt.type_string() }}),
                cast(rank as {{ dbt.type_string() }})
            ) as setting_id
        from settings
    )

select
    {{ surrogate_key(["resource_key", "setting_id"]) }} as resource_setting_key,
    resource_key,
    setting_id,
    purpose,
    target,
    rank,
    read_target,
    read_min,
    read_max,
    write_target,
    write_min,
    write_max,
    hold_at_zero
from named
