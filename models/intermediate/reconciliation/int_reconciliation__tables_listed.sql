with
    tables as (select * from {{ ref("int_inventory__resources") }} where not is_index),

    accounts as (select * from {{ ref("int_inventory__accounts") }}),

    billed as (select * from {{ ref("int_reconciliation__tables_billed") }} where table_name is not null),

    months as (select * from {{ ref("int_reconciliation__months_reached") }}),

    -- Whoever is billed for an account pays for it, whatever the organisation says, or does not.
    payers as (
        select account_id, max_by(payer_account_id, billing_month) as payer_account_id
        from billed
        group by account_id
    ),

    table_months as (
        select
            tables.table_key,
            months.payer_account_id,
            months.billing_month,
            tables.account_id,
            tables.region,
            tables.table_name
        from tables
        inner join accounts on tables.account_id = accounts.account_id
        left join payers on tables.account_id = payers.account_id
        inner join
            months on coalesce(payers.payer_account_id, accounts.payer_account_id) = months.payer_account_id
        where
            tables.created_at is null
            or tables.created_at < make_timestamp(months.complete_until_hour * 3600000000)
        union
        select table_key, payer_account_id, billing_month, account_id, region, table_name
        from billed
    )

select
    {{
        surrogate_key(
            ["table_months.table_key", "table_months.payer_account_id", "table_months.billing_month"]
        )
    }} as table_month_key,
    table_months.table_key,
    hash(table_months.account_id, table_months.region, table_months.table_name) as table_hash,
    table_months.payer_account_id,
    table_months.billing_month,
    table_months.account_id,
    table_months.region,
    table_months.table_name,
    tables.table_key is not null as is_in_force,
    accounts.inactive_because,
    tables.created_at,
    months.first_hour,
    months.end_hour,
    months.complete_until_hour,
    months.end_hour - months.first_hour as hours_of_month,
    coalesce(billed.period_hours, 1) as period_hours,
    months.other_currency,
    coalesce(billed.billed_usd, {{ usd("0") }}) as billed_usd,
    coalesce(billed.former_usd, {{ usd("0") }}) as former_usd,
    coalesce(billed.unmodelled_usd, {{ usd("0") }}) as unmodelled_usd
from table_months
inner join
    months
    on table_months.payer_account_id = months.payer_account_id
    and table_months.billing_month = months.billing_month
left join tables on table_months.table_key = tables.table_key
left join accounts on table_months.account_id = accounts.account_id
left join
    billed
    on table_months.table_key = billed.table_key
    and table_months.payer_account_id = billed.payer_account_id
    and table_months.billing_month = billed.billing_month
