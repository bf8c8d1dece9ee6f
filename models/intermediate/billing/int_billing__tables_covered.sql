with
    lines as (select * from {{ ref("int_billing__lines_recognized") }} where table_name is not null),

    months as (select * from {{ ref("int_billing__months_chosen") }}),

    tables as (select * from {{ ref("int_inventory__resources") }} where not is_index),

    billed_tables as (
        select distinct lines.payer_account_id, lines.account_id, lines.region, lines.table_name
        from lines
        inner join
            months
            on lines.payer_account_id = months.payer_account_id
            and lines.billing_month = months.billing_month
    ),

    table_months as (
        select
            tables.table_key,
            tables.account_id,
            tables.region,
            tables.table_name,
            tables.table_class,
            tables.created_at,
            months.payer_account_id,
            months.billing_month,
            months.is_newest,
            greatest(
                months.month_start_at, coalesce(tables.created_at, months.month_start_at)
            ) as covered_from_at,
            months.complete_until_at as covered_until_at,
            {{ hours_between("months.month_start_at", "months.month_end_at") }} as hours_of_month
        from tables
        inner join
            billed_tables
            on tables.account_id = billed_tables.account_id
            and tables.region = billed_tables.region
            and tables.table_name = billed_tables.table_name
        inner join months on billed_tables.payer_account_id = months.payer_account_id
    )

select
    {{ surrogate_key(["table_key", "payer_account_id", "billing_month"]) }} as table_month_key,
    table_key,
    account_id,
    region,
    table_name,
    table_class,
    created_at,
    payer_account_id,
    billing_month,
    is_newest,
    covered_from_at,
    covered_until_at,
    hours_of_month,
    {{ hours_between("covered_from_at", "covered_until_at") }} as covered_hours
from table_months
where covered_until_at > covered_from_at
