{# A view: the lines of a large organisation are tens of millions, and what reads them adds them up at once. #}
{{ config(materialized="view") }}

with
    lines as (select * from {{ ref("int_billing__lines_recognized") }} where currency = 'USD'),

    -- Two exports of one payer tell the same usage twice.
    exports as (select distinct payer_account_id, export_name from {{ ref("int_billing__months_chosen") }})

select
    lines.payer_account_id,
    lines.billing_month,
    lines.account_id,
    lines.region,
    lines.table_name,
    hash(lines.account_id, lines.region, lines.table_name) as table_hash,
    lines.price_key,
    lines.component,
    lines.coverage,
    lines.usage_end_at,
    divide(epoch_ms(lines.usage_start_at), 3600000) as start_hour,
    divide(epoch_ms(lines.usage_end_at) + 3599999, 3600000) as end_hour,
    lines.usage_amount as amount,
    {% if price_basis() == "list" %} lines.unblended_cost_usd as billed_usd
    {% else %} coalesce(lines.net_unblended_cost_usd, lines.unblended_cost_usd) as billed_usd
    {% endif %}
from lines
semi join
    exports on lines.payer_account_id = exports.payer_account_id and lines.export_name = exports.export_name
