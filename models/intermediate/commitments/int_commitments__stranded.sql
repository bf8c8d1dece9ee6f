with
    lines as (select * from {{ ref("int_plans__lines_priced") }} where component <> 'storage'),

    alternatives as (select * from {{ ref("int_plans__tables_priced") }}),

    usage as (select * from {{ ref("int_billing__usage_billed") }} where component <> 'storage'),

    covered as (select * from {{ ref("int_billing__coverage_taken_up") }}),

    accounts as (select account_id, payer_account_id from {{ ref("int_inventory__accounts") }}),

    owned as (select * from {{ ref("int_commitments__owned") }} where is_active),

    -- What the bill says that a covered unit cost.
    rates_billed as (
        select
            table_key,
            component,
            billing_mode,
            {% for coverage in ["reserved", "plan"] %}
                cast(sum(case when coverage = '{{ coverage }}' then amortized_usd end) as double) / nullif(
                    cast(
                        sum(
                            case
                                when coverage = '{{ coverage }}' and amortized_usd is not null
                                then covered_amount
                            end
                        ) as double
                    ),
                    0
                ) as {{ coverage }}_rate_usd {{ "," if not loop.last }}
            {% endfor %}
        from covered
        group by table_key, component, billing_mode
    ),

    -- Else what the reservations of the pool cost a unit-hour.
    rates_owned as (
        select
            payer_account_id,
            region,
            dimension,
            max(ends_at) as ends_at,
            cast({{ complete_sum("monthly_cost_usd") }} as double)
            / nullif(cast(sum(units) as double) * {{ hours_per_month() }}, 0) as rate_usd
        from owned
        where kind = 'reserved'
        group by payer_account_id, region, dimension
    ),

    plans_owned as (
        select payer_account_id, max(ends_at) as ends_at
        from owned
        where kind = 'savings_plan'
        group by payer_account_id
    ),

    tables as (
        select
            alternatives.table_key,
            alternatives.region,
            alternatives.billing_mode,
            alternatives.plan_alternative_key as current_alternative_key,
            coalesce(accounts.payer_account_id, alternatives.account_id) as payer_account_id
        from alternatives
        left join accounts on alternatives.account_id = accounts.account_id
        where alternatives.plan = 'as_is' and alternatives.is_class_in_force
    ),

    -- What commitments cover of a table today, in the mode it is in, and nobody else would use.
    sunk as (
        select
            tables.table_key,
            tables.current_alternative_key,
            usage.component,
            cast(usage.monthly_sunk_reserved_amount as double) as sunk_reserved_amount,
            cast(usage.monthly_sunk_plan_amount as double) as sunk_plan_amount,
            coalesce(rates_billed.reserved_rate_usd, rates_owned.rate_usd) as reserved_rate_usd,
            rates_billed.plan_rate_usd,
            rates_owned.ends_at as reserved_ends_at,
            plans_owned.ends_at as plan_ends_at
        from usage
        inner join tables on usage.table_key = tables.table_key and usage.billing_mode = tables.billing_mode
        left join
            rates_billed
            on usage.table_key = rates_billed.table_key
            and usage.component = rates_billed.component
            and usage.billing_mode = rates_billed.billing_mode
        left join
            rates_owned
            on tables.payer_account_id = rates_owned.payer_account_id
            and tables.region = rates_owned.region
            and usage.component = rates_owned.dimension
        left join plans_owned on tables.payer_account_id = plans_owned.payer_account_id
        where usage.monthly_sunk_amount > 0
    ),

    -- How much of it an alternative uses still. A line that rests on the bill does not tell the two kinds
    -- apart: it uses both as it does today, or neither.
    used as (
        select
            lines.plan_alternative_key,
            lines.component,
            sum(
                case when lines.unit = 'unit-hours' then cast(lines.sunk_quantity as double) else 0 end
            ) as reserved_amount,
            sum(cast(lines.sunk_quantity as double)) as amount,
            sum(cast(lines.sunk_plan_usd as double)) as plan_usd,
            sum(
                cast(least(lines.sunk_plan_usd, lines.paid_quantity * lines.price_usd) as double)
            ) as used_plan_usd
        from lines
        group by lines.plan_alternative_key, lines.component
    ),

    compared as (
        select
            alternatives.plan_alternative_key,
            alternatives.table_key,
            sunk.component,
            sunk.sunk_reserved_amount,
            sunk.sunk_plan_amount,
            sunk.reserved_rate_usd,
            sunk.plan_rate_usd,
            sunk.reserved_ends_at,
            sunk.plan_ends_at,
            greatest(
                least(
                    coalesce(today.reserved_amount, 0) - coalesce(used.reserved_amount, 0),
                    sunk.sunk_reserved_amount
                ),
                0
            ) as stranded_reserved_amount,
            case
                when today.plan_usd > 0
                then
                    greatest(coalesce(today.used_plan_usd, 0) - coalesce(used.used_plan_usd, 0), 0)
                    / today.plan_usd
                when coalesce(today.amount, 0) > 0 and coalesce(used.amount, 0) = 0
                then 1
                else 0
            end
            * sunk.sunk_plan_amount as stranded_plan_amount
        from alternatives
        inner join sunk on alternatives.table_key = sunk.table_key
        left join
            used as today
            on sunk.current_alternative_key = today.plan_alternative_key
            and sunk.component = today.component
        left join
            used
            on alternatives.plan_alternative_key = used.plan_alternative_key
            and sunk.component = used.component
        where alternatives.monthly_cost_usd is not null
    ),

    stranded as (
        select
            plan_alternative_key,
            sum(stranded_reserved_amount) as reserved_unit_hours,
            {% for kind in ["reserved", "plan"] %}
                coalesce(
                    sum(
                        case
                            when stranded_{{ kind }}_amount > 0
                            then stranded_{{ kind }}_amount * {{ kind }}_rate_usd
                        end
                    ),
                    0
                ) as {{ kind }}_usd,
                bool_or(
                    stranded_{{ kind }}_amount > 0 and {{ kind }}_rate_usd is null
                ) as lacks_{{ kind }}_rate,
            {% endfor %}
            greatest(
                max(case when stranded_reserved_amount > 0 then reserved_ends_at end),
                max(case when stranded_plan_amount > 0 then plan_ends_at end)
            ) as ends_at
        from compared
        group by plan_alternative_key
    ),

    priced as (
        select
            alternatives.plan_alternative_key,
            alternatives.table_key,
            alternatives.monthly_cost_usd is not null as is_priced,
            coalesce(stranded.reserved_unit_hours, 0) as reserved_unit_hours,
            {% for kind in ["reserved", "plan"] %}
                case
                    when
                        alternatives.monthly_cost_usd is not null
                        and not coalesce(stranded.lacks_{{ kind }}_rate, false)
                    then {{ usd("coalesce(stranded." ~ kind ~ "_usd, 0)") }}
                end as {{ kind }}_usd,
            {% endfor %}
            coalesce(stranded.lacks_reserved_rate or stranded.lacks_plan_rate, false) as lacks_rate,
            stranded.ends_at
        from alternatives
        left join stranded on alternatives.plan_alternative_key = stranded.plan_alternative_key
    )

select
    plan_alternative_key,
    table_key,
    case when is_priced then {{ quantity("reserved_unit_hours") }} end as stranded_reserved_unit_hours,
    reserved_usd as stranded_reserved_usd,
    plan_usd as stranded_plan_usd,
    {{ usd("reserved_usd + plan_usd") }} as stranded_usd,
    ends_at as stranded_until_at,
    case
        when lacks_rate
        then 'owned commitments would be left without use, whose cost the bill does not tell'
        when reserved_usd + plan_usd > 0
        then
            concat(
                {{ usd_text("reserved_usd + plan_usd") }},
                ' a month of owned commitments would be left without use',
                case when ends_at is not null then concat(' until ', {{ day_text("ends_at") }}) end
            )
    end as note
from priced
