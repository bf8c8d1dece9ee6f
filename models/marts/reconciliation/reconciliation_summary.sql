{%- set limits = [1, 2, 5, 10] -%}

with
    months as (select * from {{ ref("int_reconciliation__months_reached") }}),

    tables_compared as (
        select * from {{ ref("int_reconciliation__tables_compared") }} where compared_hours > 0
    ),

    sums as (
        select
            payer_account_id,
            billing_month,
            count(*) as tables_compared,
            count(case when is_off then 1 end) as tables_off,
            sum(compared_billed_usd) as compared_billed_usd,
            sum(modelled_usd) as modelled_usd,
            sum(error_usd) as error_usd,
            {% for limit in limits %}
                sum(
                    case
                        when abs(error_usd) * 100 <= {{ limit }} * compared_billed_usd
                        then compared_billed_usd
                    end
                ) as within_{{ limit }}_usd {{ "," if not loop.last }}
            {% endfor %}
        from tables_compared
        group by payer_account_id, billing_month
    ),

    summed as (
        select
            months.payer_month_key,
            months.payer_account_id,
            months.billing_month,
            coalesce(sums.tables_compared, 0) as tables_compared,
            coalesce(sums.tables_off, 0) as tables_off,
            months.billed_usd,
            months.on_no_table_usd,
            {{ usd("coalesce(sums.compared_billed_usd, 0)") }} as compared_billed_usd,
            {{ usd("coalesce(sums.modelled_usd, 0)") }} as modelled_usd,
            {{ usd("coalesce(sums.error_usd, 0)") }} as error_usd,
            cast(sums.error_usd as double)
            * 100
            / nullif(cast(sums.compared_billed_usd as double), 0) as error_pct,
            {% for limit in limits %}
                cast(coalesce(sums.within_{{ limit }}_usd, 0) as double)
                / nullif(cast(sums.compared_billed_usd as double), 0) as share_within_{{ limit }}_pct,
            {% endfor %}
            {{ usd("months.billed_usd - coalesce(sums.compared_billed_usd, 0)") }} as not_compared_usd
        from months
        left join
            sums
            on months.payer_account_id = sums.payer_account_id
            and months.billing_month = sums.billing_month
    )

select
    payer_month_key,
    payer_account_id,
    billing_month,
    '{{ price_basis() }}' as price_basis,
    tables_compared,
    tables_off,
    billed_usd,
    on_no_table_usd,
    compared_billed_usd,
    modelled_usd,
    error_usd,
    error_pct,
    {% for limit in limits %} share_within_{{ limit }}_pct, {% endfor %}
    not_compared_usd,
    case
        when tables_compared = 0
        then
            concat(
                'Nothing of ',
                {{ usd_text("billed_usd") }},
                ' billed was compared: no hour of the month is known to both the model and the bill.'
            )
        else
            concat(
                coalesce({{ percent_text("(floor(share_within_2_pct * 1000) / 1000)") }}, '100 %'),
                ' of ',
                {{ usd_text("compared_billed_usd") }},
                ' compared within 2 %, ',
                {{ number_text("tables_compared") }},
                case when tables_compared = 1 then ' table' else ' tables' end,
                ' together off by ',
                {{ usd_text("abs(error_usd)") }},
                coalesce(' (' || {{ number_text("abs(error_pct)", 2) }} || ' %)', ''),
                '; ',
                {{ usd_text("not_compared_usd") }},
                ' billed not compared.'
            )
    end as summary
from summed
