with
    resources as (select * from {{ ref("int_inventory__resources") }}),

    windows as (select * from {{ ref("int_demand__windows") }}),

    statistics as (select * from {{ ref("int_demand__statistics") }}),

    -- A resource's two dimensions are columns under a prefix; from here on each is a row.
    settings as (
        {% for dimension in ["read", "write"] %}
            select
                resource_key,
                table_key,
                decision_key,
                account_id,
                region,
                table_name,
                index_name,
                is_index,
                billing_mode,
                table_class,
                '{{ dimension }}' as dimension,
                -- Only the table's own writes are replicated; AWS bills those of an index as plain ones.
                {{ "is_replicated and not is_index" if dimension == "write" else "false" }}
                as is_replicated_write,
                {{ dimension }}_units as units,
                coalesce(is_{{ dimension }}_autoscaled, false) as is_autoscaled,
                {{ dimension }}_autoscaling_min as autoscaling_min,
                {{ dimension }}_autoscaling_max as autoscaling_max,
                {{ dimension }}_target as autoscaling_target,
                on_demand_max_{{ dimension }}_units as on_demand_max_units
            from resources {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    demand as (
        {% for dimension in ["read", "write"] %}
            select
                resource_key,
                '{{ dimension }}' as dimension,
                known_minutes,
                {{ dimension }}_units as consumed_units,
                {{ dimension }}_throttle_events as throttle_events
            from windows {{ "union all" if not loop.last }}
        {% endfor %}
    )

select
    {{ surrogate_key(["settings.resource_key", "settings.dimension"]) }} as resource_dimension_key,
    settings.resource_key,
    settings.dimension,
    settings.table_key,
    settings.decision_key,
    settings.account_id,
    settings.region,
    settings.table_name,
    settings.index_name,
    settings.is_index,
    settings.billing_mode,
    settings.table_class,
    settings.is_replicated_write,
    settings.units,
    settings.is_autoscaled,
    settings.autoscaling_min,
    settings.autoscaling_max,
    settings.autoscaling_target,
    settings.on_demand_max_units,
    demand.known_minutes,
    demand.consumed_units,
    coalesce(demand.throttle_events, 0) as throttle_events,
    {{ monthly("demand.consumed_units", "demand.known_minutes") }} as monthly_requests,
    case
        when settings.billing_mode <> 'PROVISIONED'
        then null
        when settings.is_autoscaled
        -- Without a Provisioned point since the last change, today's reading is all that is known.
        then
            {{
                quantity(
                    "coalesce(statistics.provisioned_mean_units, settings.units) * " ~ hours_per_month()
                )
            }}
        else {{ quantity("settings.units * " ~ hours_per_month()) }}
    end as monthly_unit_hours,
    statistics.mean_units_per_second,
    statistics.max_units_per_second,
    statistics.stored_peak_units_per_second,
    statistics.long_memory_peak_units_per_second,
    statistics.long_memory_peak_at,
    statistics.peak_to_mean,
    statistics.mean_utilization,
    statistics.p50_utilization,
    statistics.p90_utilization,
    statistics.p95_utilization,
    statistics.p99_utilization,
    statistics.max_utilization
from settings
left join demand on settings.resource_key = demand.resource_key and settings.dimension = demand.dimension
left join
    statistics
    on settings.resource_key = statistics.resource_key
    and settings.dimension = statistics.dimension
