"""What DescribeTable answers, as rows of the raw tables."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from loaders.inventory import autoscaling
from loaders.inventory.autoscaling import Targets

Row = dict[str, object]


def table_row(account_id: str, region: str, table: Any, targets: Targets) -> Row:
    """Build the configuration of a table. What DescribeTable does not answer is added by the reader."""
    mode = table.get("BillingModeSummary", {})
    table_class = table.get("TableClassSummary", {})
    provisioned = table.get("ProvisionedThroughput", {})
    stream = table.get("StreamSpecification", {})
    replicas = {replica["RegionName"] for replica in table.get("Replicas", [])}
    return {
        "account_id": account_id,
        "region": region,
        "table_name": table["TableName"],
        "table_arn": table.get("TableArn"),
        "table_id": table.get("TableId"),
        "table_status": table.get("TableStatus"),
        "billing_mode": _billing_mode(table),
        "table_class": table_class.get("TableClass", "STANDARD"),  # absent on tables that never changed
        **_throughput(table, on_demand=_billing_mode(table) == "PAY_PER_REQUEST"),
        "warm_read_units_per_second": table.get("WarmThroughput", {}).get("ReadUnitsPerSecond"),
        "warm_write_units_per_second": table.get("WarmThroughput", {}).get("WriteUnitsPerSecond"),
        "created_at": _instant(table.get("CreationDateTime")),
        "pay_per_request_since_at": _instant(mode.get("LastUpdateToPayPerRequestDateTime")),
        "table_class_updated_at": _instant(table_class.get("LastUpdateDateTime")),
        "last_capacity_increase_at": _instant(provisioned.get("LastIncreaseDateTime")),
        "last_capacity_decrease_at": _instant(provisioned.get("LastDecreaseDateTime")),
        "deletion_protection": table.get("DeletionProtectionEnabled", False),
        "stream_enabled": stream.get("StreamEnabled", False),
        "stream_view_type": stream.get("StreamViewType"),
        "global_table_version": table.get("GlobalTableVersion"),
        # AWS lists the other replicas; the table's own region belongs to the set.
        "replica_regions": json.dumps(sorted(replicas | {region})) if replicas else None,
        **autoscaling.columns(targets, f"table/{table['TableName']}"),
    }


def index_rows(account_id: str, region: str, table: Any, targets: Targets) -> list[Row]:
    """Build the configuration of each global secondary index of a table."""
    name = table["TableName"]
    on_demand = _billing_mode(table) == "PAY_PER_REQUEST"
    return [
        {
            "account_id": account_id,
            "region": region,
            "table_name": name,
            "gsi_name": index["IndexName"],
            "resource_name": f"{name}#{index['IndexName']}",
            "index_arn": index.get("IndexArn"),
            "index_status": index.get("IndexStatus"),
            "projection_type": index.get("Projection", {}).get("ProjectionType"),
            **_throughput(index, on_demand=on_demand),
            **autoscaling.columns(targets, f"table/{name}/index/{index['IndexName']}"),
        }
        for index in table.get("GlobalSecondaryIndexes", [])
    ]


def size_rows(account_id: str, region: str, table: Any, observed_on: date) -> list[Row]:
    """Build the sizes of a table and of each of its indexes, as AWS counted them some six hours ago."""
    name = table["TableName"]

    def size(index_name: str | None, size_bytes: int | None, items: int | None) -> Row:
        return {
            "account_id": account_id,
            "region": region,
            "table_name": name,
            "gsi_name": index_name,
            "resource_name": name if index_name is None else f"{name}#{index_name}",
            "observed_on": observed_on,
            "size_bytes": size_bytes,
            "item_count": items,
        }

    return [
        size(None, table.get("TableSizeBytes"), table.get("ItemCount")),
        *(
            size(index["IndexName"], index.get("IndexSizeBytes"), index.get("ItemCount"))
            for index in table.get("GlobalSecondaryIndexes", [])
        ),
    ]


def _billing_mode(table: Any) -> str:
    """Return the mode: a table that never left provisioned capacity has no summary of it."""
    return str(table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"))


def _throughput(resource: Any, *, on_demand: bool) -> Row:
    provisioned = {} if on_demand else resource.get("ProvisionedThroughput", {})
    maximum = resource.get("OnDemandThroughput", {})
    return {
        "read_capacity_units": provisioned.get("ReadCapacityUnits"),
        "write_capacity_units": provisioned.get("WriteCapacityUnits"),
        "on_demand_max_read_units": _limit(maximum.get("MaxReadRequestUnits")),
        "on_demand_max_write_units": _limit(maximum.get("MaxWriteRequestUnits")),
    }


def _limit(units: int | None) -> int | None:
    """Return a maximum of on-demand units; AWS says -1 for none."""
    return None if units is None or units < 0 else units


def _instant(value: datetime | None) -> datetime | None:
    return value.astimezone(UTC).replace(tzinfo=None) if value is not None else None
