with
    lines as (select * from {{ ref("int_reconciliation__lines_valued") }} where table_name is not null),

    -- Only of these can a line be older than the table.
    tables as (
        select hash(account_id, region, table_name) as table_hash, created_at
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
            max(lines.end_hour - lines.start_hour) as period_hours,
            {% for component in ["read", "write", "replicated_write", "storage"] %}
                sum(lines.billed_usd) filter (
                    where lines.component = '{{ component }}'
                ) as {{ component }}_usd,
            {% endfor %}
            sum(lines.billed_usd) as billed_usd,
            sum(lines.billed_usd) filter (where lines.usage_end_at <= tables.created_at) as former_usd
        from lines
        left join tables on lines.table_hash = tables.table_hash
        group by lines.payer_account_id, lines.billing_month, lines.account_id, lines.region, lines.table_name
    )

select
    {{ surrogate_key(["account_id", "region", "table_name", "payer_account_id", "billing_month"]) }}
    as table_payer_month_key,
    {{ surrogate_key(["account_id", "region", "table_name"]) }} as table_key,
    payer_account_id,
    billing_month,
    account_id,
    region,
    table_name,
    period_hours,
    {{ usd("coalesce(billed_usd, 0)") }} as billed_usd,
    {{ usd("coalesce(former_usd, 0)") }} as former_usd,
    {{ usd("0") }} as unmodelled_usd
from sums
