select
    account_id, region, table_name, gsi_name as index_name, resource_name, observed_on, size_bytes, item_count
from {{ source("raw_dynamodb", "table_sizes") }}
