with
    fees as (select * from {{ ref("int_commitments__fees_charged") }} where is_recurring),

    owned as (select * from {{ ref("int_commitments__owned") }}),

    usage as (select * from {{ ref("int_commitments__usage_summed") }}),

    bills as (
        select payer_account_id, max(billed_until_at) as complete_until_at
        from {{ ref("int_billing__exports_chosen") }}
        group by payer_account_id
    ),

    -- The fee of a month is charged as it begins: what lies ahead of the bill could not be used yet.
    fee_months as (
        select
            fees.commitment_key,
            fees.billing_month,
            sum(
                cast(fees.amount as double) * greatest(
                    0,
                    {{
                        hours_between(
                            "fees.charged_from_at", "least(fees.charged_until_at, bills.complete_until_at)"
                        )
                    }}
                )
                / fees.hours
            ) as unit_hours,
            sum(cast(fees.committed_usd as double)) as committed_usd,
            {{ complete_sum("cast(fees.used_usd as double)") }} as used_usd
        from fees
        inner join bills on fees.payer_account_id = bills.payer_account_id
        group by fees.commitment_key, fees.billing_month
    ),

    -- What an export does not name is put on the one commitment of its pool that has no name either.
    used_months as (
        select
            owned.commitment_key,
            usage.billing_month,
            sum(case when usage.part = 'charge' then cast(usage.amount as double) end) as amount,
            sum(
                case when usage.part = 'charge' then cast(usage.amortized_usd as double) end
            ) as amortized_usd,
            sum(case when usage.part = 'unused' then cast(usage.amortized_usd as double) end) as unused_usd
        from usage
        inner join
            owned
            on usage.payer_account_id = owned.payer_account_id
            and coalesce(usage.commitment_arn, '') = owned.commitment_arn
            and (
                owned.kind = 'savings_plan'
                or (
                    usage.region = owned.region
                    and (
                        usage.component = owned.dimension
                        or usage.usage_type like concat('%.', owned.dimension)
                    )
                )
            )
        where usage.coverage <> 'none' or usage.part = 'unused'
        group by owned.commitment_key, usage.billing_month
    ),

    -- FOCUS states no commitment: it is what is charged, or what it spreads over use and the lack of it. Its
    -- lines of other services are not read, so that all that is not unused counts as used.
    plan_months as (
        select
            fee_months.commitment_key,
            fee_months.billing_month,
            case
                when fee_months.used_usd is not null
                then fee_months.committed_usd
                else
                    greatest(
                        coalesce(fee_months.committed_usd, 0),
                        coalesce(used_months.amortized_usd, 0) + coalesce(used_months.unused_usd, 0)
                    )
            end as committed_usd,
            fee_months.used_usd,
            coalesce(used_months.unused_usd, 0) as unused_usd
        from fee_months
        left join
            used_months
            on fee_months.commitment_key = used_months.commitment_key
            and fee_months.billing_month = used_months.billing_month
    ),

    compared as (
        select
            owned.*,
            fee_months.billing_month,
            case
                when owned.kind = 'reserved'
                then {{ quantity("fee_months.unit_hours") }}
                else {{ quantity("plan_months.committed_usd") }}
            end as committed_amount,
            case
                when owned.kind = 'reserved'
                then {{ quantity("coalesce(used_months.amount, 0)") }}
                else
                    {{
                        quantity(
                            "coalesce(plan_months.used_usd, plan_months.committed_usd - plan_months.unused_usd)"
                        )
                    }}
            end as used_amount,
            -- While a month runs, exports differ in what they call unused of a fee for all of it.
            case
                when bills.complete_until_at >= {{ dbt.dateadd("month", 1, "fee_months.billing_month") }}
                then used_months.unused_usd
            end as billed_unused_usd
        from fee_months
        inner join owned on fee_months.commitment_key = owned.commitment_key
        inner join bills on owned.payer_account_id = bills.payer_account_id
        left join
            used_months
            on fee_months.commitment_key = used_months.commitment_key
            and fee_months.billing_month = used_months.billing_month
        left join
            plan_months
            on fee_months.commitment_key = plan_months.commitment_key
            and fee_months.billing_month = plan_months.billing_month
    ),

    left_over as (
        select
            *,
            {{ quantity("greatest(committed_amount - used_amount, 0)") }} as unused_amount,
            case
                when kind = 'savings_plan'
                then 1
                else cast(monthly_cost_usd as double) / (cast(units as double) * {{ hours_per_month() }})
            end as unit_cost_usd
        from compared
    )

select
    {{ surrogate_key(["commitment_key", "billing_month"]) }} as commitment_month_key,
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
    -- A price's rounding is no lack of use.
    100 * least(
        1.0, cast(used_amount as double) / nullif(cast(committed_amount as double), 0)
    ) as utilization_pct,
    {{
        usd(
            "case when unused_amount = 0 then 0 else coalesce(billed_unused_usd, cast(unused_amount as double) * unit_cost_usd) end"
        )
    }}
    as unused_usd
from left_over
