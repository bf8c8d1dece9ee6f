with
    tables as (select table_key from {{ ref("int_inventory__resources") }} where not is_index),

    table_months as (select * from {{ ref("int_reconciliation__tables_compared") }} where compared_hours > 0),

    sums as (
        select
            table_key,
            sum(compared_hours) as compared_hours,
            sum(compared_billed_usd) as compared_billed_usd,
            sum(modelled_usd) as modelled_usd,
            sum(error_usd) as error_usd
        from table_months
        group by table_key
    ),

    table_sums as (
        select
            tables.table_key,
            coalesce(cast(sums.compared_hours as bigint), 0) as compared_hours,
            {{ usd("coalesce(sums.compared_billed_usd, 0)") }} as compared_billed_usd,
            {{ usd("coalesce(sums.modelled_usd, 0)") }} as modelled_usd,
            {{ usd("coalesce(sums.error_usd, 0)") }} as error_usd
        from tables
        left join sums on tables.table_key = sums.table_key
    ),

    judged as (
        select
            *,
            cast(error_usd as double) * 100 / nullif(cast(compared_billed_usd as double), 0) as error_pct,
            {{ is_model_off("error_usd", "compared_billed_usd", "compared_hours") }} as is_off
        from table_sums
    )

select
    table_key,
    compared_hours,
    compared_billed_usd,
    modelled_usd,
    error_usd,
    error_pct,
    is_off,
    case
        when is_off
        then
            concat(
                'its model misses the bill: ',
                {{ error_text("error_usd", "error_pct") }},
                ' over ',
                {{ number_text("compared_hours") }},
                ' hours'
            )
    end as note
from judged
