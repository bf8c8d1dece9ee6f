with
    tables as (select * from {{ ref("int_reconciliation__tables_listed") }}),

    attributes as (select * from {{ ref("price_attributes") }}),

    table_hours as (
        select
            hours_modelled.table_hash,
            hours_modelled.hour_number,
            bool_and(hours_modelled.is_known and hours_modelled.is_priced) as is_known
        from {{ ref("int_reconciliation__hours_modelled") }} as hours_modelled
        inner join attributes on hours_modelled.price_key = attributes.price_key
        where attributes.component <> 'storage'
        group by hours_modelled.table_hash, hours_modelled.hour_number
    ),

    -- A period is what a line of the export covers: an hour, a day or the month. It is compared only when
    -- model and bill know all of it, as far as the table existed.
    hours_in_periods as (
        select
            tables.table_month_key,
            tables.table_hash,
            table_hours.hour_number,
            case
                when tables.period_hours <= 1
                then table_hours.hour_number
                when tables.period_hours <= 24
                then divide(table_hours.hour_number, 24) * 24
                else tables.first_hour
            end as period_first_hour,
            case
                when tables.period_hours <= 1
                then table_hours.hour_number + 1
                when tables.period_hours <= 24
                then divide(table_hours.hour_number, 24) * 24 + 24
                else tables.end_hour
            end as period_end_hour,
            tables.complete_until_hour,
            coalesce(divide(epoch_ms(tables.created_at), 3600000), 0) as created_hour,
        from tables
        inner join
            table_hours
            on tables.table_hash = table_hours.table_hash
            and table_hours.hour_number >= tables.first_hour
            and table_hours.hour_number < tables.end_hour
        where tables.is_in_force and tables.other_currency is null and table_hours.is_known
    ),

    periods as (
        select
            table_month_key,
            table_hash,
            greatest(period_first_hour, created_hour) as first_hour,
            period_end_hour as end_hour,
        from hours_in_periods
        where period_end_hour <= complete_until_hour
        group by table_month_key, table_hash, period_first_hour, period_end_hour, created_hour
        having count(*) = period_end_hour - greatest(period_first_hour, created_hour)
    ),

    periods_with_previous as (
        select *, lag(end_hour) over (partition by table_month_key order by first_hour) as previous_end_hour
        from periods
    ),

    periods_counted as (
        select
            *,
            count_if(previous_end_hour is distinct from first_hour) over (
                partition by table_month_key order by first_hour
            ) as stretch_number
        from periods_with_previous
    )

select
    {{ surrogate_key(["table_month_key", "stretch_number"]) }} as stretch_key,
    table_month_key,
    table_hash,
    min(first_hour) as first_hour,
    max(end_hour) as end_hour,
    max(end_hour) - min(first_hour) as hours
from periods_counted
group by table_month_key, table_hash, stretch_number
