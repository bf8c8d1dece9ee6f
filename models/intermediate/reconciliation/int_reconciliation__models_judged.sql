with tables as (select table_key from {{ ref("int_inventory__resources") }} where not is_index)

select
    table_key,
    cast(0 as bigint) as compared_hours,
    {{ usd("0") }} as compared_billed_usd,
    {{ usd("0") }} as modelled_usd,
    {{ usd("0") }} as error_usd,
    cast(null as double) as error_pct,
    false as is_off,
    cast(null as {{ dbt.type_string() }}) as note
from tables
