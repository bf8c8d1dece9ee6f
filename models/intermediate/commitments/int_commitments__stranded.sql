with
    lines as (select * from {{ ref("int_plans__lines_priced") }} where component <> 'storage'),

    alternatives as (select * from {{ ref("int_plans__tables_priced") }}),

    sunk as (select * from {{ ref("int_commitments__sunk_valued") }}),

    today_alternatives as (
        select table_key, plan_alternative_key from alternatives where plan = 'as_is' and is_class_in_force
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
        inner join today_alternatives on alternatives.table_key = today_alternatives.table_key
        left join
            used as today
            on today_alternatives.plan_alternative_key = today.plan_alternative_key
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
    {{ stranded_note("reserved_usd + plan_usd", "lacks_rate", "ends_at") }} as note
from priced
