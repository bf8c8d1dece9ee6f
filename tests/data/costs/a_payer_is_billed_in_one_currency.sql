-- Amounts of two currencies are kept apart, and advice is in US dollars: whoever is billed in both must hear
-- that no total has all of it.
{{ config(severity="warn", tags=["whole_build"]) }}

select payer_account_id, billing_month, count(distinct currency) as currency_count
from {{ ref("fct_dynamodb_costs") }}
group by payer_account_id, billing_month
having count(distinct currency) > 1
