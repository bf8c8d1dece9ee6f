{%- set components = {
    "read": "reads",
    "write": "writes",
    "replicated_write": "replicated writes",
    "storage": "storage",
} -%}

with
    tables as (select * from {{ ref("int_reconciliation__tables_listed") }}),

    compared as (select * from {{ ref("int_reconciliation__hours_compared") }}),

    components as (select * from {{ ref("int_reconciliation__components_compared") }}),

    configurations as (select * from {{ ref("int_inventory__configuration_history") }}),

    hours as (
        select table_month_key, cast(sum(hours) as bigint) as compared_hours
        from compared
        group by table_month_key
    ),

    bounds as (
        select
            divide(epoch_ms({{ window_start() }}) + 3599999, 3600000) as first_hour,
            divide(epoch_ms({{ window_end() }}), 3600000) as end_hour
    ),

    sums as (
        select
            table_month_key,
            {% for component in components %}
                sum(billed_usd) filter (where component = '{{ component }}') as {{ component }}_billed_usd,
                sum(modelled_usd) filter (
                    where component = '{{ component }}' and is_known
                ) as {{ component }}_modelled_usd,
            {% endfor %}
            sum(billed_usd) filter (where is_known) as compared_billed_usd,
            sum(modelled_usd) filter (where is_known) as modelled_usd,
            coalesce(bool_and(is_known) filter (where component = 'storage'), false) as is_storage_known,
            max_by(component, abs(modelled_usd - billed_usd)) filter (where is_known) as worst_component,
            max_by(billed_usd, abs(modelled_usd - billed_usd)) filter (where is_known) as worst_billed_usd,
            max_by(modelled_usd, abs(modelled_usd - billed_usd)) filter (where is_known) as worst_modelled_usd
        from components
        group by table_month_key
    ),

    -- Only of those that could not be compared is it asked what was missing.
    hours_missed as (
        select
            tables.table_month_key,
            hours_modelled.price_key,
            count_if(not hours_modelled.is_known) as unknown_hours,
            count_if(not hours_modelled.is_priced) as unpriced_hours
        from tables
        inner join
            {{ ref("int_reconciliation__hours_modelled") }} as hours_modelled
            on tables.table_hash = hours_modelled.table_hash
            and hours_modelled.hour_number >= tables.first_hour
            and hours_modelled.hour_number < tables.complete_until_hour
            and hours_modelled.price_key not like 'storage.%'
        anti join compared on tables.table_month_key = compared.table_month_key
        group by tables.table_month_key, hours_modelled.price_key
    ),

    causes as (
        select
            table_month_key,
            max(unknown_hours) as unknown_hours,
            string_agg(price_key, ', ' order by price_key) filter (where unpriced_hours > 0) as unpriced_keys
        from hours_missed
        group by table_month_key
    ),

    last_seen as (
        select table_key, case when count(valid_to) = count(*) then max(valid_to) end as gone_at
        from configurations
        group by table_key
    ),

    wide as (
        select
            tables.*,
            coalesce(hours.compared_hours, 0) as compared_hours,
            {% for component in components %}
                {{ usd("coalesce(sums." ~ component ~ "_billed_usd, 0)") }} as {{ component }}_billed_usd,
                {% if component == "storage" %}
                    case
                        when hours.compared_hours is null or sums.is_storage_known
                        then {{ usd("coalesce(sums.storage_modelled_usd, 0)") }}
                    end as storage_modelled_usd,
                {% else %}
                    {{ usd("coalesce(sums." ~ component ~ "_modelled_usd, 0)") }}
                    as {{ component }}_modelled_usd,
                {% endif %}
            {% endfor %}
            {{ usd("coalesce(sums.compared_billed_usd, 0)") }} as compared_billed_usd,
            {{ usd("coalesce(sums.modelled_usd, 0)") }} as modelled_usd,
            {{ usd("coalesce(sums.modelled_usd - sums.compared_billed_usd, 0)") }} as error_usd,
            sums.worst_component,
            sums.worst_billed_usd,
            sums.worst_modelled_usd,
            causes.unknown_hours,
            causes.unpriced_keys,
            last_seen.gone_at,
            last_seen.table_key is not null as was_seen,
            bounds.first_hour < tables.complete_until_hour
            and bounds.end_hour > tables.first_hour as is_in_window
        from tables
        cross join bounds
        left join hours on tables.table_month_key = hours.table_month_key
        left join sums on tables.table_month_key = sums.table_month_key
        left join causes on tables.table_month_key = causes.table_month_key
        left join last_seen on tables.table_key = last_seen.table_key
    ),

    judged as (
        select
            *,
            cast(error_usd as double) * 100 / nullif(cast(compared_billed_usd as double), 0) as error_pct,
            {{ is_model_off("error_usd", "compared_billed_usd", "compared_hours") }} as is_off
        from wide
    ),

    explained as (
        select
            *,
            case
                when compared_hours > 0
                then
                    concat(
                        {{ usd_text("modelled_usd") }},
                        ' modelled against ',
                        {{ usd_text("compared_billed_usd") }},
                        ' billed over ',
                        {{ number_text("compared_hours") }},
                        ' of the ',
                        {{ number_text("complete_until_hour - first_hour") }},
                        case
                            when abs(worst_modelled_usd - worst_billed_usd) < 0.005
                            then ' hours billed so far: all components agree'
                            else
                                concat(
                                    ' hours billed so far: ',
                                    {{ error_text("error_usd", "error_pct") }},
                                    ', most of it for ',
                                    case
                                        worst_component
                                        {% for component, words in components.items() %}
                                            when '{{ component }}' then '{{ words }}'
                                        {% endfor %}
                                    end,
                                    ' (',
                                    {{ usd_text("worst_modelled_usd") }},
                                    ' against ',
                                    {{ usd_text("worst_billed_usd") }},
                                    ')'
                                )
                        end,
                        case
                            when storage_modelled_usd is null
                            then '; its storage is left out, since its size is not known'
                        end
                    )
                when not is_in_force and gone_at is not null
                then concat('Not compared: the table is gone since ', {{ day_text("gone_at") }})
                when not is_in_force
                then 'Not compared: no inventory has seen the table'
                when other_currency is not null
                then
                    concat('Not compared: the payer is billed in ', other_currency, ', and prices are in USD')
                when not is_in_window
                then
                    concat(
                        'Not compared: the month lies outside of the window of ',
                        {{ number_text(window_days()) }},
                        ' days whose demand was read'
                    )
                when unpriced_keys is not null
                then concat('Not compared: no price of ', unpriced_keys, ' is known in ', region)
                when coalesce(unknown_hours, 1) > 0
                then 'Not compared: no hour is known of both its demand and its capacity'
                when period_hours > 24
                then 'Not compared: the export has a line a month, and not every hour of the month is known'
                else 'Not compared: the export has a line a day, and no day is known in full'
            end as finding,
            case
                when former_usd > 0
                then
                    concat(
                        '; ',
                        {{ usd_text("former_usd") }},
                        ' were billed before it was created, to a former table of its name'
                    )
            end as former_note
        from judged
    )

select
    table_month_key,
    table_key,
    payer_account_id,
    account_id,
    region,
    table_name,
    billing_month,
    is_in_force,
    billed_usd,
    former_usd,
    compared_hours,
    hours_of_month,
    compared_billed_usd,
    modelled_usd,
    error_usd,
    error_pct,
    {% for component in components %} {{ component }}_billed_usd, {{ component }}_modelled_usd, {% endfor %}
    unmodelled_usd,
    is_off,
    worst_component,
    concat(finding, coalesce(former_note, ''), '.') as explanation
from explained
