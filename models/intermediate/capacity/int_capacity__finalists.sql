with
    settings as (select * from {{ ref("int_capacity__settings") }}),

    simulated as (select * from {{ ref("int_capacity__simulated") }}),

    dimensions as (select * from {{ ref("int_costs__dimensions_priced") }}),

    -- Each simulated policy once for each of its dimensions.
    results as (
        {% for dimension in ["read", "write"] %}
            select
                settings.resource_key,
                settings.setting_id,
                settings.purpose,
                settings.target,
                settings.rank,
                '{{ dimension }}' as dimension,
                settings.{{ dimension }}_target as policy_target,
                settings.{{ dimension }}_min as policy_min,
                settings.{{ dimension }}_max as policy_max,
                simulated.known_minutes,
                simulated.{{ dimension }}_unit_hours as unit_hours,
                simulated.{{ dimension }}_throttled_units as throttled_units,
                simulated.{{ dimension }}_throttled_minutes as throttled_minutes
            from settings
            inner join simulated on settings.resource_setting_key = simulated.resource_setting_key
            where settings.purpose in ('search', 'minimum') {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    judged as (
        select
            results.*,
            results.unit_hours * (1 - dimensions.free_share) * dimensions.unit_hour_price_usd as paid_usd,
            -- A lower minimum is looked for: a policy that keeps its own, or a fixed dimension, is what it
            -- is today.
            (
                results.purpose = 'minimum'
                and (not dimensions.is_autoscaled or results.policy_min >= dimensions.autoscaling_min)
            )
            or {{
                is_safe(
                    "results.throttled_units",
                    "results.throttled_minutes",
                    "dimensions.consumed_units",
                    "results.known_minutes",
                )
            }} as is_safe
        from results
        inner join
            dimensions
            on results.resource_key = dimensions.resource_key
            and results.dimension = dimensions.dimension
    ),

    -- Of each target the first minimum that is safe.
    first_safe as (
        select
            *,
            row_number() over (partition by resource_key, purpose, dimension, target order by rank) as place
        from judged
        where is_safe
    ),

    -- Of these the cheapest; between equals the target nearest to 70 %, then the lower one.
    best as (
        select
            *,
            row_number() over (
                partition by resource_key, purpose, dimension
                order by unit_hours, round(abs(policy_target - 0.7), 6), policy_target
            ) as place_of_targets
        from first_safe
        where place = 1
    ),

    pairs as (
        select
            resource_key,
            purpose,
            {% for dimension in ["read", "write"] %}
                {% for part in ["target", "min", "max"] %}
                    max(
                        case when dimension = '{{ dimension }}' then policy_{{ part }} end
                    ) as {{ dimension }}_{{ part }} {{ "," if not (loop.last and dimension == "write") }}
                {% endfor %}
            {% endfor %}
        from best
        where place_of_targets = 1
        group by resource_key, purpose
    ),

    -- Both dimensions at one target and rank, safe together as they were simulated.
    safe_together as (
        select
            resource_key,
            purpose,
            target,
            rank,
            sum(paid_usd) as paid_usd,
            {% for dimension in ["read", "write"] %}
                {% for part in ["target", "min", "max"] %}
                    max(
                        case when dimension = '{{ dimension }}' then policy_{{ part }} end
                    ) as {{ dimension }}_{{ part }} {{ "," if not (loop.last and dimension == "write") }}
                {% endfor %}
            {% endfor %}
        from judged
        group by resource_key, purpose, target, rank
        having bool_and(is_safe)
    ),

    commons as (
        select
            *,
            row_number() over (
                partition by resource_key, purpose
                order by paid_usd, round(abs(target - 0.7), 6), target, rank
            ) as place
        from safe_together
    ),

    finalists as (
        {% for relation, form in [("pairs", "pair"), ("commons", "common")] %}
            select
                resource_key,
                purpose,
                '{{ form }}' as form,
                read_target,
                read_min,
                read_max,
                write_target,
                write_min,
                write_max
            from {{ relation }} {{ "where place = 1" if form == "common" }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    holds as (
        select false as hold_at_zero
        union all
        select true as hold_at_zero
    ),

    named as (
        select
            finalists.*,
            holds.hold_at_zero,
            concat_ws(
                ' ',
                finalists.purpose,
                finalists.form,
                case when holds.hold_at_zero then 'holding at zero' end
            ) as setting_id
        from finalists
        cross join holds
    )

select
    {{ surrogate_key(["resource_key", "setting_id"]) }} as resource_setting_key,
    resource_key,
    setting_id,
    purpose,
    form,
    read_target,
    read_min,
    read_max,
    write_target,
    write_min,
    write_max,
    hold_at_zero
from named
