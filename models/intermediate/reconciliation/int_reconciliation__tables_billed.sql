with
    -- Of months before the window only sums are asked for.
    lines as (
        select
            payer_account_id,
            billing_month,
            account_id,
            region,
            table_name,
            table_hash,
            price_key,
            component,
            coverage,
            currency,
            usage_start_at,
            usage_end_at,
            billed_usd
        from {{ ref("int_reconciliation__lines_valued") }}
        union all
        select
            payer_account_id,
            billing_month,
            account_id,
            region,
            table_name,
            hash(account_id, region, table_name) as table_hash,
            price_key,
            component,
            coverage,
            currency,
            usage_start_at,
            usage_end_at,
            {{ billed_cost() }} as billed_usd
        from {{ ref("int_billing__lines_chosen") }}
        where
            component not in ('commitment', 'discount', 'tax', 'credit')
            and billing_month < cast(date_trunc('month', {{ window_start() }}) as date)
    ),

    classified_lines as (
        select
            *,
            currency = 'USD' and component in ('read', 'write', 'replicated_write', 'storage') as is_modelled,
            currency = 'USD'
            and component not in ('read', 'write', 'replicated_write', 'storage') as is_unmodelled
        from lines
    ),

    tables as (
        select hash(account_id, region, table_name) as table_hash, created_at
        from {{ ref("int_inventory__resources") }}
        where not is_index and created_at is not null
    ),

    -- Joined and grouped by numbers: text costs several times as much.
    sums as (
        select
            lines.payer_account_id,
            lines.billing_month,
            lines.table_hash,
            any_value(lines.account_id) as account_id,
            any_value(lines.region) as region,
            any_value(lines.table_name) as table_name,
            max(lines.usage_end_at) filter (where lines.price_key is not null) as billed_until_at,
            max(lines.usage_end_at - lines.usage_start_at) filter (
                where lines.price_key is not null
            ) as longest_period,
            min(lines.currency) filter (where lines.currency <> 'USD') as other_currency,
            bool_or(lines.coverage = 'plan') as has_plans,
            sum(lines.billed_usd) filter (where lines.is_modelled) as billed_usd,
            sum(lines.billed_usd) filter (
                where lines.is_modelled and lines.usage_end_at <= tables.created_at
            ) as former_usd,
            sum(lines.billed_usd) filter (where lines.is_unmodelled) as unmodelled_usd
        from classified_lines as lines
        left join tables on lines.table_hash = tables.table_hash
        group by lines.payer_account_id, lines.billing_month, lines.table_hash
    )

select
    {{ surrogate_key(["account_id", "region", "table_name", "payer_account_id", "billing_month"]) }}
    as table_payer_month_key,
    case
        when table_name is not null then {{ surrogate_key(["account_id", "region", "table_name"]) }}
    end as table_key,
    payer_account_id,
    billing_month,
    account_id,
    region,
    table_name,
    billed_until_at,
    cast(ceil(epoch(longest_period) / 3600) as bigint) as period_hours,
    other_currency,
    has_plans,
    {{ usd("coalesce(billed_usd, 0)") }} as billed_usd,
    {{ usd("coalesce(former_usd, 0)") }} as former_usd,
    {{ usd("coalesce(unmodelled_usd, 0)") }} as unmodelled_usd
from sums
