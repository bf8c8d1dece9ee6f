{# What the bill shows as covered by a commitment costs nothing more, and leaving it saves nothing, unless other
   use of the pool, that is paid for now, would be covered in its place. That is judged hour by hour, because a
   commitment that is not used within its hour is lost. #}
with
    -- What ended since covers nothing today: its use is paid for, and could take up another commitment.
    ended as (
        select payer_account_id, commitment_arn, max(commitment_key) as commitment_key
        from {{ ref("int_commitments__owned") }}
        group by payer_account_id, commitment_arn
        having not bool_or(is_active)
    ),

    lines as (
        select
            lines.* exclude (coverage),
            case when ended.commitment_key is null then lines.coverage else 'none' end as coverage
        from {{ ref("int_billing__lines_recognized") }} as lines
        left join
            ended
            on lines.payer_account_id = ended.payer_account_id
            and lines.commitment_arn = ended.commitment_arn
        where lines.component <> 'storage'
    ),

    -- Without a commitment there is nothing to judge, and the lines of a large organisation are many.
    committed_payers as (select distinct payer_account_id from lines where coverage <> 'none'),

    months as (
        select months_chosen.*
        from {{ ref("int_billing__months_chosen") }} as months_chosen
        inner join committed_payers on months_chosen.payer_account_id = committed_payers.payer_account_id
    ),

    prices as (select * from {{ ref("int_prices__in_force") }}),

    -- A reservation serves one region's provisioned units of one kind, in Standard, for every account of the
    -- payer. A savings plan serves whatever throughput the payer has, so that its pool is counted in dollars.
    uses as (
        select
            lines.payer_account_id,
            lines.billing_month,
            lines.account_id,
            lines.region,
            lines.table_name,
            lines.price_key,
            lines.component,
            lines.billing_mode,
            lines.table_class,
            lines.coverage,
            lines.usage_start_at,
            lines.price_key in ('provisioned.read.standard', 'provisioned.write.standard') as is_reservable,
            sum(lines.usage_amount) as amount,
            sum(cast(lines.usage_amount as double) * prices.price_usd) as list_usd,
            {{ complete_sum("lines.amortized_cost_usd") }} as amortized_usd
        from lines
        inner join
            months
            on lines.payer_account_id = months.payer_account_id
            and lines.billing_month = months.billing_month
        left join prices on lines.region = prices.region and lines.price_key = prices.price_key
        group by
            lines.payer_account_id,
            lines.billing_month,
            lines.account_id,
            lines.region,
            lines.table_name,
            lines.price_key,
            lines.component,
            lines.billing_mode,
            lines.table_class,
            lines.coverage,
            lines.usage_start_at
    ),

    covered_uses as (select * from uses where coverage <> 'none' and table_name is not null),

    uncovered_uses as (select * from uses where coverage = 'none'),

    reservable_pools as (
        select payer_account_id, region, price_key, usage_start_at, sum(amount) as amount
        from uncovered_uses
        where is_reservable
        group by payer_account_id, region, price_key, usage_start_at
    ),

    payer_pools as (
        select payer_account_id, usage_start_at, sum(list_usd) as list_usd
        from uncovered_uses
        group by payer_account_id, usage_start_at
    ),

    own_uncovered_uses as (
        select payer_account_id, account_id, region, table_name, usage_start_at, sum(list_usd) as list_usd
        from uncovered_uses
        where table_name is not null
        group by payer_account_id, account_id, region, table_name, usage_start_at
    ),

    -- What the table itself pays for moves with it, and so takes nothing up.
    shares as (
        select
            covered_uses.*,
            case
                when covered_uses.coverage = 'reserved'
                then
                    cast(
                        coalesce(reservable_pools.amount, 0)
                        - coalesce(own_reservable_uses.amount, 0) as double
                    )
                    / nullif(cast(covered_uses.amount as double), 0)
                else
                    (coalesce(payer_pools.list_usd, 0) - coalesce(own_uncovered_uses.list_usd, 0))
                    / nullif(covered_uses.list_usd, 0)
            end as others_share
        from covered_uses
        left join
            reservable_pools
            on covered_uses.payer_account_id = reservable_pools.payer_account_id
            and covered_uses.region = reservable_pools.region
            and covered_uses.price_key = reservable_pools.price_key
            and covered_uses.usage_start_at = reservable_pools.usage_start_at
        left join
            uncovered_uses as own_reservable_uses
            on covered_uses.payer_account_id = own_reservable_uses.payer_account_id
            and covered_uses.account_id = own_reservable_uses.account_id
            and covered_uses.region = own_reservable_uses.region
            and covered_uses.table_name = own_reservable_uses.table_name
            and covered_uses.price_key = own_reservable_uses.price_key
            and covered_uses.usage_start_at = own_reservable_uses.usage_start_at
        left join
            payer_pools
            on covered_uses.payer_account_id = payer_pools.payer_account_id
            and covered_uses.usage_start_at = payer_pools.usage_start_at
        left join
            own_uncovered_uses
            on covered_uses.payer_account_id = own_uncovered_uses.payer_account_id
            and covered_uses.account_id = own_uncovered_uses.account_id
            and covered_uses.region = own_uncovered_uses.region
            and covered_uses.table_name = own_uncovered_uses.table_name
            and covered_uses.usage_start_at = own_uncovered_uses.usage_start_at
    )

select
    {{ surrogate_key(["account_id", "region", "table_name"]) }} as table_key,
    billing_month,
    component,
    billing_mode,
    table_class,
    coverage,
    sum(amount) as covered_amount,
    {{ usd(complete_sum("amortized_usd")) }} as amortized_usd,
    -- 0 where nobody else would use it, 1 where all of it would be used.
    sum(cast(amount as double) * least(1.0, greatest(0.0, coalesce(others_share, 0.0)))) as taken_up_amount
from shares
group by account_id, region, table_name, billing_month, component, billing_mode, table_class, coverage
