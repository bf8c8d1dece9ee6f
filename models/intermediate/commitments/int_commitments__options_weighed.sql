{%- set min_savings = var("min_savings") -%}
with
    reservations as (select * from {{ ref("int_commitments__reservations_sized") }}),

    plans as (select * from {{ ref("int_commitments__plans_sized") }}),

    hours as (select * from {{ ref("int_commitments__hours_uncovered") }}),

    rates as (select * from {{ ref("int_commitments__plan_rates") }}),

    accounts as (select * from {{ ref("int_inventory__accounts") }}),

    tables as (select * from {{ ref("int_inventory__resources") }} where not is_index),

    screened as (select * from {{ ref("int_capacity__decisions_screened") }}),

    rates_billed as (select * from {{ ref("int_billing__rates_billed") }}),

    list_prices as (select * from {{ ref("int_prices__in_force") }}),

    -- What discounts take off use they take off fees too.
    discounts as (
        select
            coalesce(accounts.payer_account_id, rates_billed.account_id) as payer_account_id,
            {% if price_basis() == "list" %} cast(1 as double)
            {% else %}
                sum(cast(rates_billed.{{ price_basis() }}_usd as double))
                / sum(cast(rates_billed.list_usd as double))
            {% endif %} as price_ratio
        from rates_billed
        left join accounts on rates_billed.account_id = accounts.account_id
        where rates_billed.component <> 'storage' and rates_billed.list_usd > 0
        group by 1
    ),

    payers as (
        select
            coalesce(accounts.payer_account_id, tables.account_id) as payer_account_id,
            count(*) as tables,
            count(case when screened.has_enough_history then 1 end) as tables_known
        from tables
        left join accounts on tables.account_id = accounts.account_id
        left join screened on tables.decision_key = screened.decision_key
        where accounts.inactive_because is null
        group by 1
    ),

    -- All that is paid for once the best plans are done, at list prices.
    uses as (
        select
            hours.payer_account_id,
            count(distinct hours.hour_number) as hours,
            sum(cast(hours.payable_amount as double) * cast(list_prices.price_usd as double))
            / count(distinct hours.hour_number)
            * {{ hours_per_month() }} as monthly_usd,
            count(distinct case when rates.region_price_key is not null then hours.price_key end)
            > 0 as has_plan_rates
        from hours
        left join list_prices on hours.region = list_prices.region and hours.price_key = list_prices.price_key
        left join rates on hours.region = rates.region and hours.price_key = rates.price_key
        group by hours.payer_account_id
    ),

    options as (
        select
            payer_account_id,
            region,
            dimension,
            concat('reserved_', term) as option,
            cast(units as double) as quantity,
            'units' as unit,
            quantile,
            break_even_ratio,
            years,
            hours,
            upfront_usd,
            hourly_usd,
            commitment_usd,
            cost_usd,
            cost_without_usd,
            hours_overbought_pct,
            list_price_usd is null or break_even_ratio is null as lacks_price,
            price_source
        from reservations
        union all by name
        select
            payer_account_id,
            'savings_plan' as option,
            cast(hourly_usd as double) as quantity,
            'USD an hour' as unit,
            quantile,
            break_even_ratio,
            1 as years,
            hours,
            {{ usd("0") }} as upfront_usd,
            {{ usd("hourly_usd") }} as hourly_usd,
            commitment_usd,
            cost_usd,
            cost_without_usd,
            hours_overbought_pct,
            false as lacks_price,
            'savings plan rates' as price_source
        from plans
        union all by name
        select
            payers.payer_account_id,
            'savings_plan' as option,
            'USD an hour' as unit,
            1 as years,
            uses.hours,
            true as lacks_price
        from payers
        left join uses on payers.payer_account_id = uses.payer_account_id
        anti join plans on payers.payer_account_id = plans.payer_account_id
        union all by name
        select
            payers.payer_account_id,
            'none' as option,
            cast(0 as double) as quantity,
            uses.hours,
            {{ usd("0") }} as upfront_usd,
            {{ usd("0") }} as hourly_usd,
            {{ usd("0") }} as commitment_usd,
            {{ usd("coalesce(uses.monthly_usd, 0)") }} as cost_usd,
            {{ usd("coalesce(uses.monthly_usd, 0)") }} as cost_without_usd,
            false as lacks_price
        from payers
        left join uses on payers.payer_account_id = uses.payer_account_id
    ),

    valued as (
        select
            options.* exclude (upfront_usd, hourly_usd, commitment_usd, cost_usd, cost_without_usd),
            {% for amount in [
                "upfront_usd",
                "hourly_usd",
                "commitment_usd",
                "cost_usd",
                "cost_without_usd",
            ] %}
                {{ usd("options." ~ amount ~ " * coalesce(discounts.price_ratio, 1)") }} as {{ amount }},
            {% endfor %}
            payers.tables,
            payers.tables_known,
            coalesce(uses.has_plan_rates, false) as has_plan_rates,
            coalesce(uses.monthly_usd, 0) > 0 as has_use,
            coalesce(
                options.hours >= {{ var("history_days") }} * 24 * {{ var("history_coverage") }}, false
            ) as has_enough_history
        from options
        inner join payers on options.payer_account_id = payers.payer_account_id
        left join uses on options.payer_account_id = uses.payer_account_id
        left join discounts on options.payer_account_id = discounts.payer_account_id
    ),

    saving as (
        select
            *,
            {{ usd("cost_without_usd - cost_usd") }} as savings_usd,
            -- What is paid up front comes back by what the month costs less, that payment aside.
            case
                when option = 'none' or quantity = 0
                then null
                when upfront_usd = 0
                then 0
                when cost_without_usd - cost_usd + upfront_usd / (12 * years) > 0
                then
                    cast(upfront_usd as double)
                    / cast(cost_without_usd - cost_usd + upfront_usd / (12 * years) as double)
            end as break_even_months
        from valued
    ),

    -- Three years bind long: they must save more than one by what a change must save, and be paid back
    -- within the year that one would bind as well.
    compared as (
        select
            *,
            max(case when option = 'reserved_1yr' then savings_usd end) over (
                partition by payer_account_id, region, dimension
            ) as savings_of_one_year_usd
        from saving
    ),

    termed as (
        select
            *,
            option = 'reserved_3yr'
            and quantity > 0
            and break_even_months <= 12
            and savings_usd > 0
            and savings_usd - greatest(coalesce(savings_of_one_year_usd, 0), 0)
            >= {{ min_savings }} as is_worth_three_years
        from compared
    ),

    candidates as (
        select
            *,
            coalesce(
                case
                    when option = 'reserved_3yr'
                    then is_worth_three_years
                    when option = 'reserved_1yr'
                    then
                        quantity > 0
                        and savings_usd > 0
                        and not bool_or(is_worth_three_years) over (
                            partition by payer_account_id, region, dimension
                        )
                    when option = 'savings_plan'
                    then quantity > 0 and savings_usd > 0
                end,
                false
            ) as is_candidate
        from termed
    ),

    payer_sums as (
        select
            payer_account_id,
            {{
                usd(
                    "coalesce(sum(case when is_candidate and option like 'reserved%' then savings_usd end), 0)"
                )
            }}
            as reserved_savings_usd,
            {{
                usd(
                    "coalesce(sum(case when is_candidate and option = 'savings_plan' then savings_usd end), 0)"
                )
            }}
            as plan_savings_usd,
            bool_or(has_enough_history) as has_enough_history
        from candidates
        group by payer_account_id
    ),

    -- Reserved capacity of all pools together, or a plan, or neither. Of two that save as much, the one that
    -- nothing is paid up front for.
    decided as (
        select
            *,
            case
                when
                    not has_enough_history
                    or greatest(reserved_savings_usd, plan_savings_usd) < {{ min_savings }}
                    or greatest(reserved_savings_usd, plan_savings_usd) = 0
                then 'none'
                when reserved_savings_usd > plan_savings_usd
                then 'reserved'
                else 'savings_plan'
            end as decision
        from payer_sums
    )

select
    {{
        surrogate_key(
            [
                "candidates.payer_account_id",
                "candidates.region",
                "candidates.dimension",
                "candidates.option",
            ]
        )
    }} as commitment_option_key,
    candidates.* exclude (has_enough_history),
    decided.has_enough_history,
    decided.reserved_savings_usd,
    decided.plan_savings_usd,
    decided.decision,
    case
        when candidates.option = 'none'
        then decided.decision = 'none'
        else candidates.is_candidate and candidates.option like concat(decided.decision, '%')
    end as is_recommended
from candidates
inner join decided on candidates.payer_account_id = decided.payer_account_id
