{# A table: one pass over all lines. #}
{{ config(materialized="table") }}

select distinct payer_account_id, export_name, billing_month
from {{ ref("stg_billing__lines") }}
where net_unblended_cost_usd <> 0
