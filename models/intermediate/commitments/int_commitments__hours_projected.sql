{# What every table will use, hour by hour, once its best plan is done: the use that a purchase has to fit. It
   cannot be taken back, so that where two readings differ the lower one counts. #}
with
    chosen as (select * from {{ ref("int_plans__alternatives_judged") }} where is_chosen),

    screened as (select * from {{ ref("int_capacity__decisions_screened") }}),

    accounts as (select * from {{ ref("int_inventory__accounts") }}),

    resources as (select * from {{ ref("int_inventory__resources") }}),

    dimensions as (select * from {{ ref("int_costs__dimensions_measured") }}),

    policies as (select * from {{ ref("int_capacity__policies_chosen") }} where purpose = 'search'),

    fixed as (select * from {{ ref("int_capacity__fixed_units_chosen") }}),

    hours_measured as (
        select
            *, hash(resource_key) as resource_hash, divide(epoch_ms(hour_starts_at), 3600000) as hour_number
        from {{ ref("int_demand__hours_measured") }}
        where known_minutes > 0
    ),

    hours_simulated as (
        select *, hash(resource_key) as resource_hash from {{ ref("int_capacity__hours_simulated") }}
    ),

    -- A table that has not been seen for long enough, or whose account is no longer one of the
    -- organisation, is nothing to buy for.
    counted as (
        select
            coalesce(accounts.payer_account_id, dimensions.account_id) as payer_account_id,
            dimensions.region,
            hash(dimensions.resource_key) as resource_hash,
            dimensions.dimension,
            concat(
                case
                    when
                        chosen.plan like 'provisioned%'
                        or (chosen.plan = 'as_is' and dimensions.billing_mode = 'PROVISIONED')
                    then 'provisioned.'
                    else 'ondemand.'
                end,
                case
                    when dimensions.is_replicated_write then 'replicated_write' else dimensions.dimension
                end,
                case when chosen.table_class = 'STANDARD' then '.standard' else '.ia' end
            ) as price_key,
            case
                when
                    chosen.plan = 'on_demand'
                    or (chosen.plan = 'as_is' and dimensions.billing_mode <> 'PROVISIONED')
                then 'requests'
                when chosen.plan = 'provisioned_autoscaled'
                then 'simulated'
                when chosen.plan = 'provisioned_fixed'
                then 'fixed'
                when dimensions.is_autoscaled
                then 'autoscaled'
                else 'kept'
            end as taken_from,
            coalesce(fixed.fixed_units, dimensions.units) as fixed_units,
            dimensions.units,
            cast(dimensions.monthly_unit_hours as double) / {{ hours_per_month() }} as mean_units,
            -- What is autoscaled today is projected by a ratio of simulations.
            case
                when dimensions.is_autoscaled
                then
                    cast(policies.monthly_unit_hours as double) / nullif(
                        cast({{ monthly("policies.unit_hours", "policies.known_minutes") }} as double), 0
                    )
                else 1.0
            end as simulation_ratio,
            case
                when dimensions.dimension = 'read'
                then resources.read_setting_changed_at
                else resources.write_setting_changed_at
            end as setting_changed_at
        from chosen
        inner join screened on chosen.decision_key = screened.decision_key
        inner join dimensions on chosen.table_key = dimensions.table_key
        inner join resources on dimensions.resource_key = resources.resource_key
        left join accounts on dimensions.account_id = accounts.account_id
        left join
            policies
            on dimensions.resource_key = policies.resource_key
            and dimensions.dimension = policies.dimension
        left join fixed on dimensions.resource_dimension_key = fixed.resource_dimension_key
        where screened.has_enough_history and accounts.inactive_because is null
    ),

    hours as (
        {% for dimension in ["read", "write"] %}
            select
                counted.payer_account_id,
                counted.region,
                counted.price_key,
                counted.resource_hash,
                hours_measured.hour_number,
                case
                    counted.taken_from
                    when 'requests'
                    then hours_measured.{{ dimension }}_mean_units_per_second * 3600
                    when 'simulated'
                    then hours_simulated.{{ dimension }}_simulated_units * counted.simulation_ratio
                    when 'fixed'
                    then counted.fixed_units
                    when 'kept'
                    then
                        least(
                            coalesce(hours_measured.{{ dimension }}_provisioned_units, counted.units),
                            counted.units
                        )
                    else
                        coalesce(
                            case
                                when
                                    counted.setting_changed_at is null
                                    or hours_measured.hour_starts_at >= counted.setting_changed_at
                                then hours_measured.{{ dimension }}_provisioned_units
                            end,
                            counted.mean_units
                        )
                end as amount
            from counted
            inner join hours_measured on counted.resource_hash = hours_measured.resource_hash
            left join
                hours_simulated
                on counted.taken_from = 'simulated'
                and counted.resource_hash = hours_simulated.resource_hash
                and hours_measured.hour_number = hours_simulated.hour_number
            where counted.dimension = '{{ dimension }}' {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    pool_hours as (
        select payer_account_id, region, price_key, hour_number, sum(amount) as amount
        from hours
        group by payer_account_id, region, price_key, hour_number
    ),

    -- A sum tells the use of a payer only in hours since all of its tables are known.
    resource_starts as (
        select counted.payer_account_id, counted.resource_hash, min(hours_measured.hour_number) as first_hour
        from counted
        inner join hours_measured on counted.resource_hash = hours_measured.resource_hash
        where counted.dimension = 'read'
        group by counted.payer_account_id, counted.resource_hash
    ),

    starts as (
        select payer_account_id, max(first_hour) as first_hour from resource_starts group by payer_account_id
    ),

    payer_hours as (
        select distinct pool_hours.payer_account_id, pool_hours.hour_number
        from pool_hours
        inner join
            starts
            on pool_hours.payer_account_id = starts.payer_account_id
            and pool_hours.hour_number >= starts.first_hour
    ),

    pools as (select distinct payer_account_id, region, price_key from pool_hours)

-- An hour in which nothing of the pool is known, where other tables are, counts as one without use.
select
    {{
        surrogate_key(
            ["pools.payer_account_id", "pools.region", "pools.price_key", "payer_hours.hour_number"]
        )
    }} as pool_hour_key,
    pools.payer_account_id,
    pools.region,
    pools.price_key,
    payer_hours.hour_number,
    {{ quantity("coalesce(pool_hours.amount, 0)") }} as amount
from pools
inner join payer_hours on pools.payer_account_id = payer_hours.payer_account_id
left join
    pool_hours
    on pools.payer_account_id = pool_hours.payer_account_id
    and pools.region = pool_hours.region
    and pools.price_key = pool_hours.price_key
    and payer_hours.hour_number = pool_hours.hour_number
