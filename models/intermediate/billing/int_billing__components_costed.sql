with
    months as (
        select
            *,
            {{ hours_between("billed_from_at", "billed_until_at") }} as billed_hours,
            {{ hours_between("month_start_at", "month_end_at") }} as hours_of_month
        from {{ ref("int_billing__exports_chosen") }}
    ),

    lines as (select * from {{ ref("int_billing__lines_chosen") }}),

    -- Backups are charged on the first of the month for all of it, and so are the fees of reservations: until
    -- the month ends little is added.
    timed_lines as (
        select
            lines.*,
            lines.component in ('pitr', 'backup')
            or (
                lines.component = 'commitment'
                and lines.usage_end_at > coalesce(months.billed_until_at, months.month_start_at)
            ) as is_of_whole_month
        from lines
        inner join
            months
            on lines.payer_account_id = months.payer_account_id
            and lines.billing_month = months.billing_month
    ),

    costs as (
        select
            payer_account_id,
            billing_month,
            currency,
            account_id,
            region,
            table_name,
            component,
            sum(list_cost) as list_cost,
            sum(unblended_cost) as unblended_cost,
            sum(net_cost) as net_cost,
            sum(amortized_cost) as amortized_cost,
            sum(case when is_of_whole_month then net_cost else 0 end) as net_cost_of_whole_month,
            count(*) as line_count
        from timed_lines
        group by payer_account_id, billing_month, currency, account_id, region, table_name, component
    )

select
    {{
        surrogate_key(
            [
                "costs.payer_account_id",
                "costs.billing_month",
                "costs.currency",
                "costs.account_id",
                "costs.region",
                "costs.table_name",
                "costs.component",
            ]
        )
    }} as component_cost_key,
    costs.payer_account_id,
    months.export_name,
    costs.billing_month,
    months.billed_hours,
    months.billed_until_at,
    coalesce(
        months.billed_from_at <= months.month_start_at and months.billed_until_at >= months.month_end_at,
        false
    ) as is_complete,
    costs.currency,
    count(*) over (partition by costs.payer_account_id, costs.billing_month) <> count(*) over (
        partition by costs.payer_account_id, costs.billing_month, costs.currency
    ) as has_other_currencies,
    costs.account_id,
    costs.region,
    costs.table_name,
    costs.component,
    {{ usd("costs.list_cost") }} as list_cost,
    {{ usd("costs.unblended_cost") }} as unblended_cost,
    {{ usd("costs.net_cost") }} as net_cost,
    {{ usd("costs.amortized_cost") }} as amortized_cost,
    -- Of a month that is not over, what was charged for all of it by the days of the month. Rounded, so that
    -- sums are the same in whichever order the rows come.
    {{
        usd(
            "cast(costs.net_cost - costs.net_cost_of_whole_month as double) * 24 / nullif(months.billed_hours, 0)"
            " + cast(costs.net_cost_of_whole_month as double) * 24 / months.hours_of_month"
        )
    }}
    as net_cost_per_day,
    costs.line_count
from costs
inner join
    months on costs.payer_account_id = months.payer_account_id and costs.billing_month = months.billing_month
