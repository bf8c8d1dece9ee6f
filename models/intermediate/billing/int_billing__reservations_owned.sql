with
    -- The fee of a month is charged as it begins, for all unit-hours that are reserved in it.
    fees as (
        select * from {{ ref("int_commitments__fees_charged") }} where kind = 'reserved' and is_recurring
    ),

    reservations as (
        select
            payer_account_id,
            region,
            dimension,
            commitment_arn as reservation_arn,
            charged_from_at as covers_from_at,
            charged_until_at as covers_until_at,
            {{ quantity("sum(cast(amount as double) / hours)") }} as units,
            cast(
                cast(sum(fee_usd) as double) / nullif(cast(sum(amount) as double), 0) as decimal(20, 12)
            ) as hourly_price_usd
        from fees
        group by payer_account_id, region, dimension, commitment_arn, charged_from_at, charged_until_at
    ),

    hourly_prices as (select * from {{ ref("dim_prices") }} where price_key like 'reserved.%.hourly'),

    upfront_prices as (select * from {{ ref("dim_prices") }} where price_key like 'reserved.%.upfront'),

    -- The bill does not say what lease a fee is of; its rate does.
    leases as (
        select
            reservations.payer_account_id,
            reservations.region,
            reservations.dimension,
            reservations.reservation_arn,
            reservations.covers_from_at,
            max(hourly_prices.lease_contract_length) as lease_contract_length,
            max(upfront_prices.price_usd) as upfront_price_usd
        from reservations
        inner join
            hourly_prices
            on reservations.region = hourly_prices.region
            and reservations.dimension = hourly_prices.dimension
            and reservations.hourly_price_usd = hourly_prices.price_usd
            and reservations.covers_from_at >= hourly_prices.valid_from
            and reservations.covers_from_at < coalesce(hourly_prices.valid_to, timestamp '9999-01-01')
        left join
            upfront_prices
            on hourly_prices.region = upfront_prices.region
            and hourly_prices.dimension = upfront_prices.dimension
            and hourly_prices.lease_contract_length = upfront_prices.lease_contract_length
            and reservations.covers_from_at >= upfront_prices.valid_from
            and reservations.covers_from_at < coalesce(upfront_prices.valid_to, timestamp '9999-01-01')
        group by
            reservations.payer_account_id,
            reservations.region,
            reservations.dimension,
            reservations.reservation_arn,
            reservations.covers_from_at
    )

select
    {{
        surrogate_key(
            [
                "reservations.payer_account_id",
                "reservations.region",
                "reservations.dimension",
                "reservations.reservation_arn",
                "reservations.covers_from_at",
                "reservations.covers_until_at",
            ]
        )
    }} as reservation_month_key,
    reservations.payer_account_id,
    reservations.region,
    reservations.dimension,
    reservations.reservation_arn,
    reservations.units,
    reservations.hourly_price_usd,
    leases.lease_contract_length,
    leases.upfront_price_usd,
    reservations.covers_from_at,
    reservations.covers_until_at
from reservations
left join
    leases
    on reservations.payer_account_id = leases.payer_account_id
    and reservations.region = leases.region
    and reservations.dimension = leases.dimension
    and reservations.reservation_arn = leases.reservation_arn
    and reservations.covers_from_at = leases.covers_from_at
where reservations.units > 0
