-- A reader looks for an error in the components, and must find all of it there.
with
    tables as (
        select
            *,
            read_billed_usd
            + write_billed_usd
            + replicated_write_billed_usd
            + case
                when storage_modelled_usd is null then 0 else storage_billed_usd
            end as components_billed_usd,
            read_modelled_usd
            + write_modelled_usd
            + replicated_write_modelled_usd
            + coalesce(storage_modelled_usd, 0) as components_modelled_usd
        from {{ ref("cost_reconciliation") }}
    )

select table_month_key
from tables
where
    components_billed_usd <> compared_billed_usd
    or components_modelled_usd <> modelled_usd
    or error_usd <> modelled_usd - compared_billed_usd
    or compared_hours > hours_of_month
