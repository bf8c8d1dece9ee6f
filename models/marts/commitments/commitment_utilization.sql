{%- set least_pct = var("commitment_utilization_pct") -%}
with
    months as (select * from {{ ref("int_commitments__months_used") }}),

    judged as (
        select
            *,
            coalesce(used_amount * 100 < committed_amount * {{ least_pct }}, false) as is_flagged,
            used_amount = 0 and committed_amount > 0 as is_wholly_unused,
            concat(
                case
                    when kind = 'reserved'
                    then
                        concat(
                            'the ', {{ number_text("units") }}, ' reserved ', dimension, ' units in ', region
                        )
                    else
                        concat(
                            'the savings plan of ',
                            {{ number_text("hourly_commitment_usd", 3) }},
                            ' USD an hour'
                        )
                end,
                ' (account ',
                owner_account_id,
                ')'
            ) as named,
            substring(cast(billing_month as {{ dbt.type_string() }}), 1, 7) as month_name,
            coalesce(
                {{ usd_text("unused_usd") }} || ' of its amortised cost bought nothing',
                'what that costs is not known'
            ) as loss
        from months
    )

select
    commitment_month_key,
    commitment_key,
    commitment_arn,
    kind,
    payer_account_id,
    owner_account_id,
    region,
    dimension,
    units,
    hourly_commitment_usd,
    ends_at,
    billing_month,
    committed_amount,
    used_amount,
    unused_amount,
    case when kind = 'reserved' then 'unit-hours' else 'USD' end as unit,
    utilization_pct,
    unused_usd,
    is_flagged,
    case
        when committed_amount = 0
        then concat('The bill of ', month_name, ' tells no complete hour of ', named, ' yet.')
        when is_wholly_unused
        then concat('Nobody used ', named, ' in ', month_name, ': ', loss, '.')
        else
            concat(
                {{ number_text("utilization_pct", 1) }},
                ' % of ',
                named,
                ' was used in ',
                month_name,
                case
                    when is_flagged
                    then concat(', less than {{ least_pct }} %: ', loss)
                    when unused_amount > 0
                    then concat('; ', loss)
                end,
                '.'
            )
    end as reason
from judged
