{%- set keys = ["payer_account_id", "account_id", "component", "currency"] -%}

with
    components as (select * from {{ ref("int_billing__components_costed") }}),

    accounts as (select * from {{ ref("int_inventory__accounts") }}),

    costs as (
        select
            {{ keys | join(", ") }},
            billing_month,
            export_name,
            billed_hours,
            is_complete,
            has_other_currencies,
            sum(list_cost) as list_cost,
            sum(unblended_cost) as unblended_cost,
            sum(net_cost) as net_cost,
            sum(amortized_cost) as amortized_cost,
            sum(net_cost_per_day) as net_cost_per_day,
            sum(line_count) as line_count
        from components
        group by
            {{ keys | join(", ") }},
            billing_month,
            export_name,
            billed_hours,
            is_complete,
            has_other_currencies
    ),

    {{ costs_with_month_before("components", "costs", keys) }}

select
    {{
        surrogate_key(
            [
                "costs_before.payer_account_id",
                "costs_before.account_id",
                "costs_before.component",
                "costs_before.billing_month",
                "costs_before.currency",
            ]
        )
    }} as account_cost_key,
    costs_before.payer_account_id,
    costs_before.account_id,
    coalesce(accounts.account_name, costs_before.account_id) as account_name,
    accounts.ou_path,
    costs_before.component,
    costs_before.billing_month,
    costs_before.currency,
    costs_before.export_name,
    costs_before.billed_hours,
    costs_before.is_complete,
    {{ usd("costs_before.list_cost") }} as list_cost,
    {{ usd("costs_before.unblended_cost") }} as unblended_cost,
    {{ usd("costs_before.net_cost") }} as net_cost,
    {{ usd("costs_before.amortized_cost") }} as amortized_cost,
    {{ usd("costs_before.net_cost_per_day") }} as net_cost_per_day,
    {{ usd("costs_before.previous_net_cost_per_day") }} as previous_net_cost_per_day,
    {{ change_pct("costs_before.net_cost_per_day", "costs_before.previous_net_cost_per_day") }} as change_pct,
    costs_before.has_other_currencies,
    cast(costs_before.line_count as bigint) as line_count
from costs_before
left join accounts on costs_before.account_id = accounts.account_id
