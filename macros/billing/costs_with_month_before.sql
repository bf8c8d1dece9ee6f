{# The steps months_before and costs_before of a mart of costs: of each row of `costs` what it cost a day in the month
   before, where `keys` tell which row that is. A payer whose month before was read had a cost of 0 for what did not
   appear in it; of others it is not known. #}
{% macro costs_with_month_before(components, costs, keys) %}
    months_before as (
        select distinct payer_account_id, {{ dbt.dateadd("month", 1, "billing_month") }} as billing_month
        from {{ components }}
    ),

    costs_before as (
        select
            {{ costs }}.*,
            case
                when months_before.payer_account_id is not null then coalesce(before.net_cost_per_day, 0)
            end as previous_net_cost_per_day
        from {{ costs }}
        left join
            months_before
            on {{ costs }}.payer_account_id = months_before.payer_account_id
            and {{ costs }}.billing_month = months_before.billing_month
        left join
            {{ costs }} as before
            on {{ costs }}.billing_month = {{ dbt.dateadd("month", 1, "before.billing_month") }}
            {%- for key in keys %}
                and coalesce({{ costs }}.{{ key }}, '') = coalesce(before.{{ key }}, '')
            {%- endfor %}
    )
{% endmacro %}
