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

    -- The last change, where it lies inside a version that no inventory cut there: AWS dates that of
    -- the class, and that to on-demand.
    versions as (
        select
            configurations.*,
            coalesce(configurations.valid_to, timestamp '9999-01-01') as version_ends_at,
            class_changes.table_class as class_after,
            coalesce(class_changes.table_class_changed_at, configurations.valid_from) as class_changed_at,
            mode_changes.billing_mode as mode_after,
            coalesce(mode_changes.billing_mode_changed_at, configurations.valid_from) as mode_changed_at
        from configurations
        left join
            tables as class_changes
            on configurations.table_key = class_changes.table_key
            and class_changes.table_class_changed_at > configurations.valid_from
            and class_changes.table_class_changed_at
            < coalesce(configurations.valid_to, timestamp '9999-01-01')
        left join
            tables as mode_changes
            on configurations.table_key = mode_changes.table_key
            and mode_changes.billing_mode = 'PAY_PER_REQUEST'
            and mode_changes.billing_mode_changed_at > configurations.valid_from
            and mode_changes.billing_mode_changed_at
            < coalesce(configurations.valid_to, timestamp '9999-01-01')
    ),

    -- Before, between, and after both; most versions are one part, and the others of them empty.
    version_parts as (
        select
            * exclude (valid_from, valid_to),
            unnest(
                [
                    valid_from,
                    least(class_changed_at, mode_changed_at),
                    greatest(class_changed_at, mode_changed_at)
                ]
            ) as valid_from,
            unnest(
                [
                    least(class_changed_at, mode_changed_at),
                    greatest(class_changed_at, mode_changed_at),
                    version_ends_at
                ]
            ) as valid_to
        from versions
    ),

    -- A class has one other. What was provisioned before a change to on-demand, only an inventory tells.
    dated_configurations as (
        select
            version_parts.* replace (
                case
                    when class_after is null
                    then table_class
                    when valid_from >= class_changed_at
                    then class_after
                    when class_after = 'STANDARD'
                    then 'STANDARD_INFREQUENT_ACCESS'
                    else 'STANDARD'
                end as table_class,
                case
                    when mode_after is null
                    then billing_mode
                    when valid_from >= mode_changed_at
                    then mode_after
                    else 'PROVISIONED'
                end as billing_mode
            )
        from version_parts
        where valid_from < valid_to
    ),

    configurations_in_window as (
        select
            configurations.*,
            greatest(configurations.valid_from, bounds.window_start) as starts_at,
            least(configurations.valid_to, bounds.window_end) as ends_at,
            -- Replicas are those of today: a table's past is not known to have had others.
            coalesce(resources.is_replicated and not resources.is_index, false) as writes_are_replicated
        from dated_configurations as configurations
        cross join bounds
        left join resources on configurations.resource_key = resources.resource_key
        where configurations.valid_from < bounds.window_end and configurations.valid_to > bounds.window_start
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
