{# A view: the lines of a large organisation are tens of millions, and what reads them adds them up at once. #}
{{ config(materialized="view") }}

select line_items.*
from {{ ref("stg_billing__line_items") }} as line_items
semi join
    {{ ref("int_billing__exports_chosen") }} as exports
    on line_items.payer_account_id = exports.payer_account_id
    and line_items.export_name = exports.export_name
    and line_items.billing_month = exports.billing_month
