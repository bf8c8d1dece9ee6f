{%- set least_saving = "%.2f USD" | format(var("min_savings") | float) -%}
with
    weighed as (select * from {{ ref("int_commitments__options_weighed") }}),

    accounts as (select account_id, account_name from {{ ref("dim_accounts") }}),

    named as (
        select
            *,
            concat(
                case when option = 'reserved_3yr' then 'for three years' else 'for a year' end,
                ' of ',
                dimension,
                ' units in ',
                region
            ) as purchase,
            -- What a purchase was sized by.
            concat(
                {{ number_text("hours") }},
                ' hours of use after the best plans of ',
                tables_known,
                case when tables_known = 1 then ' table' else ' tables' end,
                case
                    when tables_known < tables
                    then concat(' (', tables - tables_known, ' without enough history are left out)')
                end
            ) as basis
        from weighed
    ),

    explained as (
        select
            *,
            case
                when option = 'none' and is_recommended and not has_enough_history
                then
                    concat(
                        'Nothing is advised to be bought: {{ var("history_days") }} days of demand are needed of the tables, and ',
                        tables_known,
                        ' of ',
                        tables,
                        ' have them.'
                    )
                when option = 'none' and is_recommended and not has_use
                then
                    'Nothing is advised to be bought: once the best plans are done, what is owned and the free tier serve all provisioned use, and no other is left.'
                when option = 'none' and is_recommended
                then
                    concat(
                        'Nothing is advised to be bought: once the best plans are done, reserved capacity would save ',
                        {{ usd_text("reserved_savings_usd") }},
                        ' a month',
                        case
                            when has_plan_rates
                            then concat(' and a Database Savings Plan ', {{ usd_text("plan_savings_usd") }})
                            else ' (the rates of savings plans are not loaded)'
                        end,
                        ', less than {{ least_saving }}.'
                    )
                when option = 'none'
                then
                    concat(
                        'To buy nothing costs ',
                        {{ usd_text("greatest(reserved_savings_usd, plan_savings_usd)") }},
                        ' a month more than the purchase that is advised.'
                    )
                when option = 'savings_plan' and lacks_price and not has_plan_rates
                then
                    'No rate of a Database Savings Plan is loaded for what is used, so that none is weighed: `collect-pricing` reads the rates, if its caller is allowed savingsplans:DescribeSavingsPlansOfferingRates.'
                when option = 'savings_plan' and lacks_price
                then 'No use is left that a Database Savings Plan could cover.'
                when lacks_price
                then concat('No price is known of reserved capacity ', purchase, ', so that none is advised.')
                when break_even_ratio >= 1
                then concat('Reserved capacity ', purchase, ' costs no less than what is paid without it.')
                when quantity = 0 and option = 'savings_plan'
                then
                    concat(
                        'Less than a tenth of a cent is used in ',
                        {{ percent_text("break_even_ratio") }},
                        ' of ',
                        basis,
                        ', where a plan would have to be used in so many to pay.'
                    )
                when quantity = 0
                then
                    concat(
                        'Less than a block of 100 units is used in ',
                        {{ percent_text("break_even_ratio") }},
                        ' of ',
                        basis,
                        ', where a unit would have to be used in so many to pay.'
                    )
                else
                    concat(
                        case when is_recommended then 'Buy ' else 'To buy ' end,
                        case
                            when option = 'savings_plan'
                            then
                                concat(
                                    'a Database Savings Plan of ',
                                    {{ number_text("quantity", 3) }},
                                    ' USD an hour for a year'
                                )
                            else
                                concat(
                                    {{ number_text("quantity") }},
                                    ' reserved ',
                                    dimension,
                                    ' units in ',
                                    region,
                                    case
                                        when option = 'reserved_3yr'
                                        then ' for three years'
                                        else ' for a year'
                                    end
                                )
                        end,
                        case
                            when upfront_usd > 0
                            then concat(' (', {{ usd_text("upfront_usd") }}, ' up front)')
                        end,
                        case
                            when is_recommended
                            then ': it saves '
                            when savings_usd < 0
                            then ' would cost '
                            else ' would save '
                        end,
                        {{ usd_text("abs(savings_usd)") }},
                        case when savings_usd < 0 then ' a month more' else ' a month' end,
                        ', sized by ',
                        basis,
                        '; a unit pays if it is used in ',
                        {{ percent_text("break_even_ratio") }},
                        ' of the hours, and ',
                        {{ percent_text("hours_overbought_pct / 100") }},
                        ' of them use less than all; if the use vanished it would still cost ',
                        {{ usd_text("commitment_usd") }},
                        ' a month',
                        case
                            when is_recommended
                            then null
                            when decision = 'none'
                            then '; a purchase must save {{ least_saving }}'
                            when decision = 'savings_plan' and option like 'reserved%'
                            then
                                concat(
                                    '; a Database Savings Plan saves ',
                                    {{ usd_text("plan_savings_usd") }},
                                    ' in all'
                                )
                            when decision = 'reserved' and option = 'savings_plan'
                            then
                                concat(
                                    '; reserved capacity saves ',
                                    {{ usd_text("reserved_savings_usd") }},
                                    ' in all'
                                )
                            when option = 'reserved_3yr' and savings_usd > 0
                            then
                                '; three years must save {{ least_saving }} a month more than one, and be paid back within one'
                            when option = 'reserved_1yr' and savings_usd > 0
                            then '; three years save more'
                        end,
                        '.'
                    )
            end as reason
        from named
    )

select
    explained.commitment_option_key as commitment_recommendation_key,
    explained.payer_account_id,
    coalesce(accounts.account_name, explained.payer_account_id) as payer_account_name,
    explained.region,
    explained.dimension,
    explained.option,
    {{ quantity("explained.quantity") }} as quantity,
    explained.unit,
    explained.quantile,
    explained.hours,
    explained.upfront_usd,
    explained.hourly_usd,
    explained.cost_usd as monthly_cost_usd,
    explained.cost_without_usd as monthly_cost_without_usd,
    explained.savings_usd as monthly_savings_usd,
    100 * explained.break_even_ratio as break_even_utilization_pct,
    explained.break_even_months,
    explained.hours_overbought_pct,
    explained.commitment_usd as worst_case_usd,
    '{{ price_basis() }}' as price_basis,
    explained.price_source,
    explained.is_recommended,
    explained.reason
from explained
left join accounts on explained.payer_account_id = accounts.account_id
