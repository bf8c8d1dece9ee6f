with
    lines as (select * from {{ ref("int_reconciliation__lines_valued") }}),

    tables as (select * from {{ ref("int_reconciliation__tables_listed") }}),

    compared as (select * from {{ ref("int_reconciliation__hours_compared") }}),

    shares as (select * from {{ ref("int_reconciliation__shares_paid") }}),

    attributes as (select * from {{ ref("price_attributes") }} where term_type = 'OnDemand'),

    prices as (select * from {{ ref("int_prices__accounts_in_force") }}),

    -- Numbers, because the hours are many.
    stretches as (
        select
            compared.table_month_key,
            compared.table_hash,
            compared.first_hour,
            compared.end_hour,
            attributes.price_key,
            hash(tables.account_id, tables.region, attributes.price_key) as account_price_hash
        from compared
        inner join tables on compared.table_month_key = tables.table_month_key
        cross join attributes
    ),

    modelled as (
        select
            stretches.table_month_key,
            stretches.price_key,
            stretches.account_price_hash,
            sum(
                cast(hours_modelled.list_usd * coalesce(shares.paid_share, 1.0) as decimal(38, 14))
            ) as list_usd,
            bool_and(hours_modelled.is_known and hours_modelled.is_priced) as is_known
        from {{ ref("int_reconciliation__hours_modelled") }} as hours_modelled
        inner join
            stretches
            on hours_modelled.table_hash = stretches.table_hash
            and hours_modelled.price_key = stretches.price_key
            and hours_modelled.hour_number >= stretches.first_hour
            and hours_modelled.hour_number < stretches.end_hour
        left join
            shares
            on stretches.account_price_hash = shares.account_price_hash
            and hours_modelled.hour_number = shares.hour_number
        group by stretches.table_month_key, stretches.price_key, stretches.account_price_hash
    ),

    -- Under net prices a unit costs what the account is billed for it, in the ratio that this has to the
    -- list today; a price of the past has kept its ratio.
    modelled_components as (
        select
            modelled.table_month_key,
            attributes.component,
            sum(
                modelled.list_usd
                * cast(coalesce(prices.price_usd / prices.list_price_usd, 1) as decimal(20, 12))
            ) as modelled_usd,
            bool_and(modelled.is_known) as is_known
        from modelled
        inner join attributes on modelled.price_key = attributes.price_key
        left join
            prices on modelled.account_price_hash = hash(prices.account_id, prices.region, prices.price_key)
        group by modelled.table_month_key, attributes.component
    ),

    billed_components as (
        select compared.table_month_key, lines.component, sum(lines.billed_usd) as billed_usd
        from lines
        inner join
            compared
            on lines.table_hash = compared.table_hash
            and lines.start_hour < compared.end_hour
            and lines.end_hour > compared.first_hour
        where lines.price_key is not null
        group by compared.table_month_key, lines.component
    )

select
    {{
        surrogate_key(
            [
                "coalesce(modelled_components.table_month_key, billed_components.table_month_key)",
                "coalesce(modelled_components.component, billed_components.component)",
            ]
        )
    }} as table_month_component_key,
    coalesce(modelled_components.table_month_key, billed_components.table_month_key) as table_month_key,
    coalesce(modelled_components.component, billed_components.component) as component,
    {{ usd("coalesce(billed_components.billed_usd, 0)") }} as billed_usd,
    {{ usd("coalesce(modelled_components.modelled_usd, 0)") }} as modelled_usd,
    coalesce(modelled_components.is_known, true) as is_known
from modelled_components
full join
    billed_components
    on modelled_components.table_month_key = billed_components.table_month_key
    and modelled_components.component = billed_components.component
