with
    fees as (select * from {{ ref("int_commitments__fees_charged") }}),

    -- The bill does not name a reservation's lease where it has no dates; its rate does.
    leases as (select * from {{ ref("int_billing__reservations_owned") }}),

    bills as (
        select payer_account_id, max(billed_until_at) as complete_until_at
        from {{ ref("int_billing__exports_chosen") }}
        group by payer_account_id
    ),

    commitments as (
        select
            commitment_key,
            payer_account_id,
            kind,
            commitment_arn,
            region,
            dimension,
            max(owner_account_id) as owner_account_id,
            max(starts_at) as starts_at,
            max(ends_at) as ends_at,
            max(payment_option) as payment_option,
            max(purchase_term) as purchase_term,
            max(case when is_recurring then charged_from_at end) as newest_from_at,
            max(charged_until_at) as charged_until_at,
            sum(case when not is_recurring then fee_usd end) as upfront_usd,
            -- Discounts on the fee hold for what was paid up front, too.
            coalesce(
                cast(sum(case when is_recurring then net_fee_usd end) as double) / nullif(
                    cast(sum(case when is_recurring and net_fee_usd is not null then fee_usd end) as double),
                    0
                ),
                1
            ) as net_ratio
        from fees
        group by commitment_key, payer_account_id, kind, commitment_arn, region, dimension
    ),

    -- What the bill spreads over the unit-hours of a reservation, used or not. It tells the cost of one whose
    -- term is not known.
    effective_rates as (
        select
            payer_account_id,
            coalesce(commitment_arn, '') as commitment_arn,
            region,
            case
                when component in ('read', 'write')
                then component
                else split_part(usage_type, 'HeavyUsage:dynamodb.', 2)
            end as dimension,
            cast(nullif(sum(amortized_usd), 0) as double) / nullif(cast(sum(amount) as double), 0) as rate_usd
        from {{ ref("int_commitments__usage_summed") }}
        where coverage = 'reserved' or (part = 'unused' and usage_type like '%HeavyUsage:dynamodb.%')
        group by 1, 2, 3, 4
    ),

    -- What is committed to now is what the newest fee is for.
    newest_fees as (
        select
            fees.commitment_key,
            sum(cast(fees.amount as double) / fees.hours) as units,
            sum(cast(fees.fee_usd as double) / fees.hours) as hourly_fee_usd,
            sum(cast(fees.committed_usd as double) / fees.hours) as hourly_committed_usd
        from fees
        inner join
            commitments
            on fees.commitment_key = commitments.commitment_key
            and fees.charged_from_at = commitments.newest_from_at
        where fees.is_recurring
        group by fees.commitment_key
    ),

    termed as (
        select
            commitments.*,
            newest_fees.hourly_fee_usd,
            newest_fees.hourly_committed_usd,
            case when commitments.kind = 'reserved' then newest_fees.units end as units,
            leases.upfront_price_usd,
            effective_rates.rate_usd as effective_rate_usd,
            coalesce(
                commitments.purchase_term,
                leases.lease_contract_length,
                case
                    when {{ hours_between("commitments.starts_at", "commitments.ends_at") }} < 2 * 8760
                    then '1yr'
                    when commitments.ends_at > commitments.starts_at
                    then '3yr'
                end
            ) as term,
            case
                when commitments.ends_at is not null
                then commitments.ends_at > {{ as_of() }}
                -- Where the bill has no dates, one that ended is charged no more.
                else commitments.charged_until_at >= bills.complete_until_at
            end as is_active
        from commitments
        left join newest_fees on commitments.commitment_key = newest_fees.commitment_key
        left join bills on commitments.payer_account_id = bills.payer_account_id
        left join
            leases
            on commitments.kind = 'reserved'
            and commitments.payer_account_id = leases.payer_account_id
            and commitments.region = leases.region
            and commitments.dimension = leases.dimension
            and commitments.commitment_arn = leases.reservation_arn
            and commitments.newest_from_at = leases.covers_from_at
        left join
            effective_rates
            on commitments.kind = 'reserved'
            and commitments.payer_account_id = effective_rates.payer_account_id
            and commitments.commitment_arn = effective_rates.commitment_arn
            and commitments.region = effective_rates.region
            and commitments.dimension = effective_rates.dimension
    ),

    priced as (
        select
            *,
            case when term = '3yr' then 3 when term = '1yr' then 1 end * 8760 as term_hours,
            coalesce(
                cast(upfront_usd as double),
                units * cast(upfront_price_usd as double),
                case when kind = 'savings_plan' and payment_option = 'No Upfront' then 0 end,
                case
                    when kind = 'savings_plan'
                    then
                        (hourly_committed_usd - hourly_fee_usd)
                        * case when term = '3yr' then 3 * 8760 when term = '1yr' then 8760 end
                end
            ) as known_upfront_usd
        from termed
    ),

    -- A term that is not told leaves what the bill itself spreads, or what a plan charges.
    amortized as (
        select
            *,
            coalesce(
                (
                    hourly_fee_usd
                    + case when known_upfront_usd = 0 then 0 else known_upfront_usd / term_hours end
                )
                * net_ratio,
                units * effective_rate_usd,
                case when kind = 'savings_plan' and hourly_committed_usd > 0 then hourly_committed_usd end
            ) as amortized_hourly_usd
        from priced
    )

select
    commitment_key,
    commitment_arn,
    kind,
    payer_account_id,
    owner_account_id,
    region,
    dimension,
    {{ quantity("units") }} as units,
    {{ usd("case when kind = 'reserved' then hourly_fee_usd else hourly_committed_usd end") }}
    as hourly_commitment_usd,
    term,
    case
        when payment_option is not null
        then payment_option
        when known_upfront_usd > 0 and hourly_fee_usd > 0
        then 'Partial Upfront'
        when known_upfront_usd > 0
        then 'All Upfront'
        when known_upfront_usd = 0
        then 'No Upfront'
    end as payment_option,
    starts_at,
    ends_at,
    charged_until_at,
    {{ usd("known_upfront_usd") }} as upfront_usd,
    {{ usd("amortized_hourly_usd * " ~ hours_per_month()) }} as monthly_cost_usd,
    coalesce(is_active, true) as is_active
from amortized
