with
    finalists as (select * from {{ ref("int_capacity__finalists") }}),

    simulated as (select * from {{ ref("int_capacity__finalists_simulated") }}),

    settings as (select * from {{ ref("int_capacity__settings") }}),

    own_simulated as (select * from {{ ref("int_capacity__simulated") }}),

    dimensions as (select * from {{ ref("int_costs__dimensions_priced") }}),

    results as (
        {% for dimension in ["read", "write"] %}
            select
                finalists.resource_key,
                finalists.purpose,
                finalists.form,
                '{{ dimension }}' as dimension,
                finalists.{{ dimension }}_target as target,
                finalists.{{ dimension }}_min as minimum,
                finalists.{{ dimension }}_max as maximum,
                held.known_minutes,
                simulated.{{ dimension }}_unit_hours as unit_hours,
                simulated.{{ dimension }}_unit_hours_upper as unit_hours_upper,
                held.{{ dimension }}_unit_hours as unit_hours_held,
                simulated.{{ dimension }}_least as least_units,
                simulated.{{ dimension }}_greatest as greatest_units,
                simulated.{{ dimension }}_throttled_units as throttled_units,
                simulated.{{ dimension }}_throttled_minutes as throttled_minutes
            from finalists
            inner join simulated on finalists.resource_setting_key = simulated.resource_setting_key
            inner join
                simulated as held
                on finalists.resource_key = held.resource_key
                and concat(finalists.setting_id, ' holding at zero') = held.setting_id
            where not finalists.hold_at_zero {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    judged as (
        select
            results.*,
            (
                results.purpose = 'minimum'
                and (not dimensions.is_autoscaled or results.minimum >= dimensions.autoscaling_min)
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

    -- The pair where both are safe together, else the cheapest at a common target and rank.
    forms as (
        select
            resource_key,
            purpose,
            case when bool_and(case when form = 'pair' then is_safe end) then 'pair' else 'common' end as form
        from judged
        group by resource_key, purpose
    ),

    own as (
        {% for dimension in ["read", "write"] %}
            select
                settings.resource_key,
                '{{ dimension }}' as dimension,
                max(
                    case when not settings.hold_at_zero then simulated.{{ dimension }}_unit_hours end
                ) as unit_hours,
                max(
                    case when not settings.hold_at_zero then simulated.{{ dimension }}_unit_hours_upper end
                ) as unit_hours_upper,
                max(
                    case when settings.hold_at_zero then simulated.{{ dimension }}_unit_hours end
                ) as unit_hours_held
            from settings
            inner join
                own_simulated as simulated on settings.resource_setting_key = simulated.resource_setting_key
            where settings.purpose in ('own', 'own, holding at zero')
            group by settings.resource_key {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    chosen as (
        select
            judged.*,
            dimensions.free_share,
            dimensions.free_unit_hours,
            dimensions.unit_hour_price_usd,
            dimensions.list_unit_hour_price_usd,
            dimensions.sunk_unit_hours,
            dimensions.sunk_plan_usd,
            dimensions.list_sunk_plan_usd,
            {% for bound in ["unit_hours", "unit_hours_upper", "unit_hours_held"] %}
                -- Autoscaled today: what was provisioned, by the ratio of the two simulations, so that
                -- whatever is wrong with the model is wrong on both sides.
                case
                    when dimensions.is_autoscaled
                    then
                        {{
                            quantity(
                                "cast(dimensions.monthly_unit_hours as double) * judged."
                                ~ bound
                                ~ " / own."
                                ~ bound
                            )
                        }}
                    else {{ monthly("judged." ~ bound, "judged.known_minutes") }}
                end as monthly_{{ bound }} {{ "," if not loop.last }}
            {% endfor %}
        from judged
        inner join
            forms
            on judged.resource_key = forms.resource_key
            and judged.purpose = forms.purpose
            and judged.form = forms.form
        inner join
            dimensions
            on judged.resource_key = dimensions.resource_key
            and judged.dimension = dimensions.dimension
        left join own on judged.resource_key = own.resource_key and judged.dimension = own.dimension
    )

select
    {{ surrogate_key(["resource_key", "purpose", "dimension"]) }} as policy_key,
    resource_key,
    purpose,
    dimension,
    form,
    target,
    minimum,
    maximum,
    known_minutes,
    unit_hours,
    unit_hours_upper,
    unit_hours_held,
    least_units,
    greatest_units,
    throttled_units,
    throttled_minutes,
    monthly_unit_hours,
    monthly_unit_hours_upper,
    monthly_unit_hours_held,
    {{ provisioned_cost("monthly_unit_hours") }} as cost_usd,
    {{ provisioned_cost("monthly_unit_hours", "list_") }} as list_cost_usd,
    {{ provisioned_cost("monthly_unit_hours_upper") }} as cost_upper_usd,
    {{ provisioned_cost("monthly_unit_hours_held") }} as cost_held_usd
from chosen
