{# Instants are seconds since 1970: the hours that are cut by them later are many, and integers are cheap. #}
with
    configurations as (select * from {{ ref("int_inventory__configuration_history") }}),

    resources as (select * from {{ ref("int_inventory__resources") }}),

    tables as (select * from resources where not is_index),

    attributes as (
        select * from {{ ref("price_attributes") }} where term_type = 'OnDemand' and billing_mode is not null
    ),

    prices as (
        select * from {{ ref("int_prices__validity_united") }} where end_range is null and price_usd > 0
    ),

    bounds as (select {{ window_start() }} as window_start, {{ window_end() }} as window_end),

    sides as (select unnest([true, false]) as is_before),

    -- A class has one other, so that AWS's date of the last change tells what was before, even where no
    -- inventory saw it.
    configurations_by_class as (
        select
            configurations.* replace (
                case
                    when tables.table_class_changed_at is null
                    then configurations.table_class
                    when not sides.is_before
                    then tables.table_class
                    when tables.table_class = 'STANDARD'
                    then 'STANDARD_INFREQUENT_ACCESS'
                    else 'STANDARD'
                end as table_class,
                case
                    when sides.is_before then configurations.valid_from else tables.table_class_changed_at
                end as valid_from,
                case
                    when sides.is_before and tables.table_class_changed_at is not null
                    then tables.table_class_changed_at
                    else configurations.valid_to
                end as valid_to
            )
        from configurations
        left join
            tables
            on configurations.table_key = tables.table_key
            and tables.table_class_changed_at > configurations.valid_from
            and tables.table_class_changed_at < coalesce(configurations.valid_to, timestamp '9999-01-01')
        cross join sides
        where sides.is_before or tables.table_class_changed_at is not null
    ),

    -- The same of a table that went on-demand. What it had provisioned before, only an inventory would tell.
    configurations_by_mode as (
        select
            configurations_by_class.* replace (
                case
                    when tables.billing_mode_changed_at is null
                    then configurations_by_class.billing_mode
                    when sides.is_before
                    then 'PROVISIONED'
                    else 'PAY_PER_REQUEST'
                end as billing_mode,
                case
                    when sides.is_before
                    then configurations_by_class.valid_from
                    else tables.billing_mode_changed_at
                end as valid_from,
                case
                    when sides.is_before and tables.billing_mode_changed_at is not null
                    then tables.billing_mode_changed_at
                    else configurations_by_class.valid_to
                end as valid_to
            )
        from configurations_by_class
        left join
            tables
            on configurations_by_class.table_key = tables.table_key
            and tables.billing_mode = 'PAY_PER_REQUEST'
            and tables.billing_mode_changed_at > configurations_by_class.valid_from
            and tables.billing_mode_changed_at
            < coalesce(configurations_by_class.valid_to, timestamp '9999-01-01')
        cross join sides
        where sides.is_before or tables.billing_mode_changed_at is not null
    ),

    configurations_in_window as (
        select
            configurations.*,
            greatest(configurations.valid_from, bounds.window_start) as starts_at,
            least(coalesce(configurations.valid_to, bounds.window_end), bounds.window_end) as ends_at,
            -- Replicas are those of today: a table's past is not known to have had others.
            coalesce(resources.is_replicated and not resources.is_index, false) as writes_are_replicated
        from configurations_by_mode as configurations
        cross join bounds
        left join resources on configurations.resource_key = resources.resource_key
        where
            configurations.valid_from < bounds.window_end
            and coalesce(configurations.valid_to, bounds.window_end) > bounds.window_start
    ),

    dimensions as (
        select *, 'read' as dimension, 'read' as component, read_units as configured_units
        from configurations_in_window
        union all
        select
            *,
            'write' as dimension,
            case when writes_are_replicated then 'replicated_write' else 'write' end as component,
            write_units as configured_units
        from configurations_in_window
    ),

    dimensions_with_keys as (
        select dimensions.*, attributes.price_key
        from dimensions
        inner join
            attributes
            on dimensions.component = attributes.component
            and dimensions.billing_mode = attributes.billing_mode
            and dimensions.table_class = attributes.table_class
    ),

    keys_used as (select distinct region, price_key from dimensions_with_keys),

    -- The instants of the window from which a key's price may be another, or none.
    price_changes as (
        select keys_used.region, keys_used.price_key, bounds.window_start as starts_at
        from keys_used
        cross join bounds
        union
        select prices.region, prices.price_key, prices.valid_from as starts_at
        from prices
        inner join bounds on prices.valid_from > bounds.window_start and prices.valid_from < bounds.window_end
        union
        select prices.region, prices.price_key, prices.valid_to as starts_at
        from prices
        inner join bounds on prices.valid_to > bounds.window_start and prices.valid_to < bounds.window_end
    ),

    price_times as (
        select *, lead(starts_at) over (partition by region, price_key order by starts_at) as ends_at
        from price_changes
    ),

    prices_in_time as (
        select
            price_times.region,
            price_times.price_key,
            price_times.starts_at,
            coalesce(price_times.ends_at, bounds.window_end) as ends_at,
            prices.price_usd,
            prices.source as price_source
        from price_times
        cross join bounds
        left join
            prices
            on price_times.region = prices.region
            and price_times.price_key = prices.price_key
            and price_times.starts_at >= prices.valid_from
            and price_times.starts_at < coalesce(prices.valid_to, timestamp '9999-01-01')
    ),

    pieces as (
        select
            dimensions_with_keys.resource_key,
            dimensions_with_keys.table_key,
            dimensions_with_keys.account_id,
            dimensions_with_keys.region,
            dimensions_with_keys.table_name,
            dimensions_with_keys.index_name,
            dimensions_with_keys.dimension,
            dimensions_with_keys.component,
            dimensions_with_keys.billing_mode,
            dimensions_with_keys.table_class,
            dimensions_with_keys.price_key,
            dimensions_with_keys.configured_units,
            prices_in_time.price_usd,
            prices_in_time.price_source,
            divide(
                epoch_ms(greatest(dimensions_with_keys.starts_at, prices_in_time.starts_at)), 1000
            ) as start_second,
            divide(epoch_ms(least(dimensions_with_keys.ends_at, prices_in_time.ends_at)), 1000) as end_second
        from dimensions_with_keys
        inner join
            prices_in_time
            on dimensions_with_keys.region = prices_in_time.region
            and dimensions_with_keys.price_key = prices_in_time.price_key
            and dimensions_with_keys.starts_at < prices_in_time.ends_at
            and dimensions_with_keys.ends_at > prices_in_time.starts_at
    ),

    pieces_with_previous as (
        select
            *,
            min(start_second) over whole_life as first_second,
            max(end_second) over whole_life as last_second,
            lag(end_second) over life as previous_end_second,
            lag(billing_mode) over life as previous_billing_mode,
            lag(table_class) over life as previous_table_class,
            lag(price_usd) over life as previous_price_usd
        from pieces
        where start_second < end_second
        window
            life as (partition by resource_key, dimension order by start_second),
            whole_life as (partition by resource_key, dimension)
    ),

    -- A price that is listed anew and is the same ends no stretch.
    pieces_counted as (
        select
            *,
            sum(
                case
                    when
                        previous_end_second = start_second
                        and previous_billing_mode = billing_mode
                        and previous_table_class = table_class
                        and coalesce(previous_price_usd, 0) = coalesce(price_usd, 0)
                    then 0
                    else 1
                end
            ) over (partition by resource_key, dimension order by start_second) as stretch_number
        from pieces_with_previous
    )

select
    row_number() over (order by resource_key, dimension, start_second) as piece_number,
    {{ surrogate_key(["resource_key", "dimension", "stretch_number"]) }} as window_stretch_key,
    resource_key,
    table_key,
    account_id,
    region,
    table_name,
    index_name,
    dimension,
    component,
    billing_mode,
    table_class,
    price_key,
    configured_units,
    price_usd,
    price_source,
    start_second,
    end_second,
    first_second,
    last_second
from pieces_counted
