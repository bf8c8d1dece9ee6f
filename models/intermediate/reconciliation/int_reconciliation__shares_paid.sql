with
    lines as (select * from {{ ref("int_reconciliation__lines_valued") }}),

    months as (select * from {{ ref("int_reconciliation__months_reached") }}),

    tables as (select * from {{ ref("int_reconciliation__tables_listed") }}),

    compared as (select * from {{ ref("int_reconciliation__hours_compared") }}),

    reservations as (select * from {{ ref("int_billing__reservations_owned") }}),

    prices as (select * from {{ ref("int_prices__validity_united") }}),

    bounds as (
        select
            divide(epoch_ms(date_trunc('month', {{ window_start() }})), 3600000) as first_hour,
            divide(epoch_ms({{ window_end() }}), 3600000) as end_hour
    ),

    -- The free tier is the price list's first tier, at no charge.
    free_units as (
        select region, price_key, max(end_range) as free_amount
        from prices
        where
            price_usd = 0
            and begin_range = 0
            and valid_from <= {{ as_of() }}
            and (valid_to is null or valid_to > {{ as_of() }})
        group by region, price_key
    ),

    -- Where something is free or reserved.
    pool_keys as (
        select region, price_key
        from free_units
        union
        select region, concat('provisioned.', dimension, '.standard') as price_key
        from reservations
    ),

    -- What a pool is used for: by the model where it is compared, and else by the bill, so that what was
    -- used before the window, or by tables that nobody knows, takes its part.
    modelled_uses as (
        select
            tables.payer_account_id,
            tables.account_id,
            tables.region,
            hours_modelled.price_key,
            hours_modelled.hour_number,
            sum(hours_modelled.amount) as amount,
        from {{ ref("int_reconciliation__hours_modelled") }} as hours_modelled
        inner join
            compared
            on hours_modelled.table_hash = compared.table_hash
            and hours_modelled.hour_number >= compared.first_hour
            and hours_modelled.hour_number < compared.end_hour
        inner join tables on compared.table_month_key = tables.table_month_key
        semi join
            pool_keys on tables.region = pool_keys.region and hours_modelled.price_key = pool_keys.price_key
        group by
            tables.payer_account_id,
            tables.account_id,
            tables.region,
            hours_modelled.price_key,
            hours_modelled.hour_number
    ),

    -- Of whatever has no pool, only the share of plans is asked for.
    lines_of_window as (
        select lines.*
        from lines
        inner join
            months
            on lines.payer_account_id = months.payer_account_id
            and lines.billing_month = months.billing_month
        cross join bounds
        left join pool_keys on lines.region = pool_keys.region and lines.price_key = pool_keys.price_key
        where
            lines.start_hour >= bounds.first_hour
            and lines.start_hour < bounds.end_hour
            and lines.price_key is not null
            and lines.currency = 'USD'
            and (months.has_plans or pool_keys.price_key is not null)
    ),

    billed_sums as (
        select
            lines.payer_account_id,
            lines.account_id,
            lines.region,
            lines.price_key,
            lines.start_hour,
            lines.end_hour,
            sum(lines.amount) filter (where compared.table_hash is null) as amount,
            sum(lines.amount) filter (where lines.coverage = 'plan') as plan_amount,
            sum(lines.amount) filter (where lines.coverage = 'none' and lines.billed_usd <> 0) as paid_amount
        from lines_of_window as lines
        left join
            compared
            on lines.table_hash = compared.table_hash
            and lines.start_hour < compared.end_hour
            and lines.end_hour > compared.first_hour
        group by
            lines.payer_account_id,
            lines.account_id,
            lines.region,
            lines.price_key,
            lines.start_hour,
            lines.end_hour
    ),

    -- A line of a day or a month says nothing of its hours: it is spread evenly.
    billed_uses as (select *, unnest(range(start_hour, end_hour)) as hour_number from billed_sums),

    uses as (
        select
            payer_account_id,
            account_id,
            region,
            price_key,
            hour_number,
            amount,
            0 as plan_amount,
            0 as paid_amount
        from modelled_uses
        union all
        select
            payer_account_id,
            account_id,
            region,
            price_key,
            hour_number,
            coalesce(amount, 0) / (end_hour - start_hour) as amount,
            coalesce(plan_amount, 0) / (end_hour - start_hour) as plan_amount,
            coalesce(paid_amount, 0) / (end_hour - start_hour) as paid_amount
        from billed_uses
    ),

    account_hours as (
        select
            payer_account_id,
            account_id,
            region,
            price_key,
            hour_number,
            cast(sum(amount) as double) as amount,
            cast(sum(plan_amount) as double)
            / nullif(cast(sum(plan_amount) + sum(paid_amount) as double), 0) as plan_share
        from uses
        group by payer_account_id, account_id, region, price_key, hour_number
    ),

    reserved_hours as (
        select
            reservations.payer_account_id,
            split_part(reservations.reservation_arn, ':', 5) as account_id,
            reservations.region,
            concat('provisioned.', reservations.dimension, '.standard') as price_key,
            unnest(
                range(
                    greatest(divide(epoch_ms(reservations.covers_from_at), 3600000), bounds.first_hour),
                    least(divide(epoch_ms(reservations.covers_until_at), 3600000), bounds.end_hour)
                )
            ) as hour_number,
            reservations.units
        from reservations
        cross join bounds
    ),

    account_reserved_hours as (
        select payer_account_id, account_id, region, price_key, hour_number, sum(units) as units
        from reserved_hours
        group by payer_account_id, account_id, region, price_key, hour_number
    ),

    pool_reserved_hours as (
        select payer_account_id, region, price_key, hour_number, sum(units) as units
        from reserved_hours
        group by payer_account_id, region, price_key, hour_number
    ),

    -- A reservation serves its owner first, and then what the payer's other accounts use, in proportion.
    owners_served as (
        select
            account_hours.*,
            least(account_hours.amount, coalesce(cast(own.units as double), 0)) as own_covered,
            coalesce(cast(pool.units as double), 0) as pool_units
        from account_hours
        left join
            account_reserved_hours as own
            on account_hours.payer_account_id = own.payer_account_id
            and account_hours.account_id = own.account_id
            and account_hours.region = own.region
            and account_hours.price_key = own.price_key
            and account_hours.hour_number = own.hour_number
        left join
            pool_reserved_hours as pool
            on account_hours.payer_account_id = pool.payer_account_id
            and account_hours.region = pool.region
            and account_hours.price_key = pool.price_key
            and account_hours.hour_number = pool.hour_number
    ),

    others_served as (
        select
            *,
            least(
                1.0,
                (pool_units - sum(own_covered) over pool) / nullif(sum(amount - own_covered) over pool, 0)
            ) as others_share
        from owners_served
        window pool as (partition by payer_account_id, region, price_key, hour_number)
    ),

    after_reservations as (
        select
            *,
            case
                when amount > 0
                then (own_covered + coalesce(others_share, 0) * (amount - own_covered)) / amount
                else 0.0
            end as reserved_share
        from others_served
    ),

    pool_hours as (
        select
            payer_account_id,
            region,
            price_key,
            hour_number,
            date_trunc('month', make_timestamp(hour_number * 3600000000)) as month,
            sum(cast(amount * (1 - reserved_share) as decimal(28, 12))) as amount
        from after_reservations
        group by payer_account_id, region, price_key, hour_number
    ),

    pool_hours_so_far as (
        select
            *,
            sum(amount) over (partition by payer_account_id, region, price_key, month order by hour_number)
            - amount as used_before
        from pool_hours
    ),

    free_shares as (
        select
            pool_hours_so_far.payer_account_id,
            pool_hours_so_far.region,
            pool_hours_so_far.price_key,
            pool_hours_so_far.hour_number,
            least(
                1.0,
                greatest(
                    0.0,
                    cast(free_units.free_amount - pool_hours_so_far.used_before as double)
                    / nullif(cast(pool_hours_so_far.amount as double), 0)
                )
            ) as free_share
        from pool_hours_so_far
        inner join
            free_units
            on pool_hours_so_far.region = free_units.region
            and pool_hours_so_far.price_key = free_units.price_key
        where pool_hours_so_far.amount > 0 and pool_hours_so_far.used_before < free_units.free_amount
    )

select
    hash(
        after_reservations.account_id, after_reservations.region, after_reservations.price_key
    ) as account_price_hash,
    after_reservations.account_id,
    after_reservations.region,
    after_reservations.price_key,
    after_reservations.hour_number,
    after_reservations.reserved_share,
    coalesce(free_shares.free_share, 0.0) as free_share,
    coalesce(after_reservations.plan_share, 0.0) as plan_share,
    (1 - after_reservations.reserved_share)
    * (1 - coalesce(free_shares.free_share, 0.0))
    * (1 - coalesce(after_reservations.plan_share, 0.0)) as paid_share
from after_reservations
left join
    free_shares
    on after_reservations.payer_account_id = free_shares.payer_account_id
    and after_reservations.region = free_shares.region
    and after_reservations.price_key = free_shares.price_key
    and after_reservations.hour_number = free_shares.hour_number
where
    after_reservations.reserved_share > 0
    or coalesce(free_shares.free_share, 0) > 0
    or coalesce(after_reservations.plan_share, 0) > 0
