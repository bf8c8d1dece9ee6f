with
    lines as (select * from {{ ref("int_plans__lines_priced") }}),

    alternatives as (select plan_alternative_key from {{ ref("plan_alternatives") }})

select
    lines.plan_cost_line_key,
    lines.plan_alternative_key,
    lines.table_key,
    lines.resource_key,
    lines.account_id,
    lines.region,
    lines.table_name,
    lines.index_name,
    lines.plan,
    lines.table_class,
    lines.component,
    lines.setting,
    lines.unit,
    lines.monthly_quantity,
    lines.sunk_quantity,
    lines.free_share,
    lines.paid_quantity,
    lines.price_usd,
    lines.sunk_plan_usd,
    lines.cost_usd,
    lines.list_price_usd,
    lines.list_cost_usd,
    lines.net_cost_usd,
    lines.amortized_cost_usd,
    greatest(lines.cost_upper_usd, lines.cost_held_usd) as cautious_cost_usd,
    lines.least_units,
    lines.greatest_units,
    lines.throttled_minutes
from lines
inner join alternatives on lines.plan_alternative_key = alternatives.plan_alternative_key
