{# A view: what reads it adds the hours up at once. #}
{{ config(materialized="view") }}

with
    pieces as (select * from {{ ref("int_costs__window_stretches_split") }}),

    -- Hours are joined by numbers: text costs three times as much (measured).
    measured as (
        select
            hash(resource_key) as resource_hash,
            divide(epoch_ms(hour_starts_at), 3600000) as hour_number,
            known_minutes,
            read_units,
            write_units,
            read_provisioned_units,
            write_provisioned_units
        from {{ ref("int_demand__hours_measured") }}
    ),

    hours as (
        select
            piece_number,
            hash(resource_key) as resource_hash,
            dimension,
            billing_mode,
            configured_units,
            start_second,
            end_second,
            first_second,
            last_second,
            unnest(range(divide(start_second, 3600), divide(end_second + 3599, 3600))) as hour_number
        from pieces
    ),

    -- A change inside an hour takes its share of the seconds in which the resource existed.
    hours_cut as (
        select
            *,
            least(end_second, hour_number * 3600 + 3600)
            - greatest(start_second, hour_number * 3600) as seconds,
            least(last_second, hour_number * 3600 + 3600)
            - greatest(first_second, hour_number * 3600) as existing_seconds
        from hours
    )

select
    hours_cut.piece_number,
    hours_cut.hour_number,
    hours_cut.seconds,
    coalesce(measured.known_minutes, 0) * hours_cut.seconds / hours_cut.existing_seconds as known_minutes,
    case
        -- Capacity is known from the configuration where it was not measured; demand is not.
        when hours_cut.billing_mode = 'PROVISIONED'
        then
            coalesce(
                case
                    when hours_cut.dimension = 'read'
                    then measured.read_provisioned_units
                    else measured.write_provisioned_units
                end,
                hours_cut.configured_units
            )
            * hours_cut.seconds
            / 3600
        else
            case when hours_cut.dimension = 'read' then measured.read_units else measured.write_units end
            * hours_cut.seconds
            / hours_cut.existing_seconds
    end as amount
from hours_cut
left join
    measured
    on hours_cut.resource_hash = measured.resource_hash
    and hours_cut.hour_number = measured.hour_number
