with
    -- What is of no table's model: the fees of commitments, discounts, taxes and credits.
    lines as (
        select
            *,
            component in ('read', 'write', 'replicated_write', 'storage') as is_modelled,
            {{ billed_cost() }} as billed_usd
        from {{ ref("int_billing__lines_chosen") }}
        where component not in ('commitment', 'discount', 'tax', 'credit') and usage_start_at < {{ as_of() }}
    ),

    tables as (
        select account_id, region, table_name, created_at
        from {{ ref("int_inventory__resources") }}
        where not is_index and created_at is not null
    ),

    sums as (
        select
            lines.payer_account_id,
            lines.billing_month,
            lines.account_id,
            lines.region,
            lines.table_name,
            max(lines.usage_end_at) filter (where lines.price_key is not null) as billed_until_at,
            max({{ hours_between("lines.usage_start_at", "lines.usage_end_at") }}) filter (
                where lines.price_key is not null
            ) as period_hours,
            min(lines.currency) filter (where lines.currency <> 'USD') as other_currency,
            bool_or(lines.coverage = 'plan') as has_plans,
            sum(lines.billed_usd) filter (where lines.is_modelled and lines.currency = 'USD') as billed_usd,
            sum(lines.billed_usd) filter (
                where lines.is_modelled and lines.currency = 'USD' and lines.usage_end_at <= tables.created_at
            ) as former_usd,
            sum(lines.billed_usd) filter (
                where not lines.is_modelled and lines.currency = 'USD'
            ) as unmodelled_usd
        from lines
        left join
            tables
            on lines.account_id = tables.account_id
            and lines.region = tables.region
            and lines.table_name = tables.table_name
        group by lines.payer_account_id, lines.billing_month, lines.account_id, lines.region, lines.table_name
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
    cast(ceil(period_hours) as bigint) as period_hours,
    other_currency,
    has_plans,
    {{ usd("coalesce(billed_usd, 0)") }} as billed_usd,
    {{ usd("coalesce(former_usd, 0)") }} as former_usd,
    {{ usd("coalesce(unmodelled_usd, 0)") }} as unmodelled_usd
from sums
