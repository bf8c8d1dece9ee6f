select
    account_id,
    region,
    table_name,
    gsi_name as index_name,
    resource_name,
    index_arn,
    index_status,
    projection_type,
    read_capacity_units as read_units,
    write_capacity_units as write_units,
    on_demand_max_read_units,
    on_demand_max_write_units,
    read_autoscaling_min,
    read_autoscaling_max,
    read_autoscaling_target_pct,
    write_autoscaling_min,
    write_autoscaling_max,
    write_autoscaling_target_pct,
    autoscaling_unknown as is_autoscaling_unknown,
    -- The session's time zone is UTC, so that the instant with a zone becomes the same one without.
    cast(_dlt_valid_from as timestamp) as valid_from,
    cast(_dlt_valid_to as timestamp) as valid_to
from {{ source("raw_dynamodb", "gsi_metadata") }}
