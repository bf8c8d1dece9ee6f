with
    pool_hours as (select * from {{ ref("int_costs__reservable_hours_summed") }}),

    reservations as (
        select
            *,
            divide(epoch_ms(covers_from_at), 3600000) as first_hour,
            divide(epoch_ms(covers_until_at) + 3599999, 3600000) as end_hour
        from {{ ref("int_billing__reservations_owned") }}
    ),

    reserved_hours as (
        select
            pool_hours.pool_hour_key,
            {{ quantity("sum(reservations.units * pool_hours.hours)") }} as reserved_unit_hours,
            sum(
                {{
                    usd(
                        quantity("reservations.units * pool_hours.hours")
                        ~ " * reservations.hourly_price_usd"
                    )
                }}
            ) as fee_usd
        from pool_hours
        inner join
            reservations
            on pool_hours.payer_account_id = reservations.payer_account_id
            and pool_hours.region = reservations.region
            and pool_hours.dimension = reservations.dimension
            and pool_hours.hour_number >= reservations.first_hour
            and pool_hours.hour_number < reservations.end_hour
        group by pool_hours.pool_hour_key
    ),

    -- What is reserved and not used in its hour is lost: no other hour gets it.
    hours_covered as (
        select
            pool_hours.*,
            coalesce(reserved_hours.reserved_unit_hours, {{ quantity("0") }}) as reserved_unit_hours,
            coalesce(reserved_hours.fee_usd, {{ usd("0") }}) as fee_usd,
            least(
                pool_hours.unit_hours, coalesce(reserved_hours.reserved_unit_hours, {{ quantity("0") }})
            ) as covered_unit_hours
        from pool_hours
        left join reserved_hours on pool_hours.pool_hour_key = reserved_hours.pool_hour_key
    ),

    hours_costed as (
        select
            *,
            case
                when unit_hours = covered_unit_hours
                then {{ usd("0") }}
                else {{ usd("(unit_hours - covered_unit_hours) * price_usd") }}
            end as uncovered_usd
        from hours_covered
    ),

    -- A reservation has a line for each month, and was paid for once.
    upfront_fees as (
        select
            payer_account_id,
            region,
            dimension,
            reservation_arn,
            max(units) as units,
            max(upfront_price_usd) as upfront_price_usd
        from reservations
        group by payer_account_id, region, dimension, reservation_arn
    ),

    upfront_sums as (
        select
            payer_account_id,
            region,
            dimension,
            case
                when count(upfront_price_usd) = count(*)
                then {{ usd("sum(" ~ usd("units * upfront_price_usd") ~ ")") }}
            end as upfront_usd
        from upfront_fees
        group by payer_account_id, region, dimension
    )

select
    {{ surrogate_key(["hours_costed.payer_account_id", "hours_costed.region", "hours_costed.dimension"]) }}
    as reserved_pool_key,
    hours_costed.payer_account_id,
    hours_costed.region,
    hours_costed.dimension,
    sum(hours_costed.hours) as hours,
    {{ quantity("sum(hours_costed.unit_hours)") }} as provisioned_unit_hours,
    {{ quantity("sum(hours_costed.reserved_unit_hours)") }} as reserved_unit_hours,
    {{ quantity("sum(hours_costed.covered_unit_hours)") }} as covered_unit_hours,
    {{ quantity("sum(hours_costed.reserved_unit_hours - hours_costed.covered_unit_hours)") }}
    as unused_unit_hours,
    {{ quantity("sum(hours_costed.unit_hours - hours_costed.covered_unit_hours)") }} as uncovered_unit_hours,
    {{ usd("sum(hours_costed.fee_usd)") }} as fee_usd,
    {{ usd(complete_sum("hours_costed.uncovered_usd")) }} as uncovered_usd,
    max(upfront_sums.upfront_usd) as upfront_usd
from hours_costed
inner join
    upfront_sums
    on hours_costed.payer_account_id = upfront_sums.payer_account_id
    and hours_costed.region = upfront_sums.region
    and hours_costed.dimension = upfront_sums.dimension
group by hours_costed.payer_account_id, hours_costed.region, hours_costed.dimension
