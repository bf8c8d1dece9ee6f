with owned as (select * from {{ ref("int_commitments__owned") }})

select
    commitment_key,
    commitment_arn,
    kind,
    payer_account_id,
    owner_account_id,
    region,
    dimension,
    units,
    hourly_commitment_usd,
    term,
    payment_option,
    starts_at,
    ends_at,
    upfront_usd,
    monthly_cost_usd,
    is_active,
    concat(
        case
            when kind = 'reserved'
            then concat({{ number_text("units") }}, ' reserved ', dimension, ' units in ', region)
            else concat('Savings plan of ', {{ number_text("hourly_commitment_usd", 3) }}, ' USD an hour')
        end,
        case when term = '1yr' then ' for a year' when term = '3yr' then ' for three years' end,
        case
            when ends_at is null
            then ', whose end the export does not tell'
            when ends_at > {{ as_of() }}
            then concat(', until ', {{ instant_text("ends_at") }}, ' UTC')
            else concat(', ended at ', {{ instant_text("ends_at") }}, ' UTC')
        end,
        case
            when monthly_cost_usd is null
            then '; its cost a month is not known'
            else
                concat(
                    '; costs ',
                    {{ usd_text("monthly_cost_usd") }},
                    ' a month',
                    case
                        when upfront_usd > 0
                        then concat(', ', {{ usd_text("upfront_usd") }}, ' paid up front included')
                    end
                )
        end,
        '.'
    ) as description
from owned
