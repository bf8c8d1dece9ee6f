{# A table: few, and looked for among all lines. #}
{{ config(materialized="table") }}

select distinct commitment_arn
from {{ ref("stg_billing__typed_lines") }}
where
    (product_code = 'AmazonDynamoDB' and line_type = 'SavingsPlanCoveredUsage' and commitment_arn is not null)
    or (
        product_code is distinct from 'AmazonDynamoDB'
        and commitment_arn is not null
        and (product_code like '%Database%' or savings_plan_offering_type like '%Database%')
    )
