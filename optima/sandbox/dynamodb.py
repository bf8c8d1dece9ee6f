"""DynamoDB's DescribeTable and DescribeLimits. ListTables, tags, TTL and backups are moto's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optima.sandbox.demand import MINUTES_PER_DAY
from optima.sandbox.metrics import provisioned
from optima.sandbox.organisation import DIMENSIONS, Dimension, Organisation, Resource, Table
from optima.sandbox.wire import Call, Handlers, Reply, ServiceError, json_reply

BYTES_PER_ITEM = 400
_BYTES_PER_GB = 1 << 30
# What is billed for each item on top of its own bytes, and what DescribeTable does not count.
_OVERHEAD = {False: 100, True: 148}
_ACCOUNT_LIMIT, _TABLE_LIMIT = 80_000, 40_000


class DynamoDB:
    """The tables of one organisation."""

    def __init__(self, organisation: Organisation):
        self._organisation = organisation

    def handlers(self) -> Handlers:
        """What is answered here rather than by moto."""
        return {
            ("dynamodb", "DescribeTable"): self.describe_table,
            ("dynamodb", "DescribeLimits"): self.describe_limits,
        }

    def describe_limits(self, _call: Call) -> Reply:
        """The default quotas."""
        return json_reply(
            {
                "AccountMaxReadCapacityUnits": _ACCOUNT_LIMIT,
                "AccountMaxWriteCapacityUnits": _ACCOUNT_LIMIT,
                "TableMaxReadCapacityUnits": _TABLE_LIMIT,
                "TableMaxWriteCapacityUnits": _TABLE_LIMIT,
            }
        )

    def describe_table(self, call: Call) -> Reply:
        """All that the sandbox knows of a table, absent where AWS leaves it out."""
        name = str(call.json().get("TableName", "")).rpartition("/")[2]
        table = self._organisation.table_by_key.get((call.account_id, call.region, name))
        if table is None:
            raise ServiceError(
                "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
                f"Requested resource not found: Table: {name} not found",
            )
        return json_reply({"Table": self._describe(table)})

    def _describe(self, table: Table) -> dict[str, Any]:
        described: dict[str, Any] = {
            "TableName": table.name,
            "TableArn": table.arn,
            "TableId": table.table_id,
            "TableStatus": "ACTIVE",
            "CreationDateTime": table.resource.created_minute * 60.0,
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "DeletionProtectionEnabled": table.deletion_protection,
            **self._capacity(table, table.resource),
            **_sizes(table, table.resource, "TableSizeBytes"),
        }
        if table.on_demand:
            described["BillingModeSummary"] = self._billing_mode(table)
        if table.infrequent_access or table.class_changed_days_ago is not None:
            described["TableClassSummary"] = self._table_class(table)
        if table.indexes:
            described["GlobalSecondaryIndexes"] = [
                self._describe_index(table, index) for index in table.indexes
            ]
        if table.stream:
            described["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
            described["LatestStreamLabel"] = "2026-01-01T00:00:00.000"
            described["LatestStreamArn"] = f"{table.arn}/stream/2026-01-01T00:00:00.000"
        if table.replica_regions:
            described["GlobalTableVersion"] = "2019.11.21"
            described["Replicas"] = [
                {"RegionName": region, "ReplicaStatus": "ACTIVE"}
                for region in table.replica_regions
                if region != table.region
            ]
        return described

    def _billing_mode(self, table: Table) -> dict[str, Any]:
        """The instant of the last change is there from creation for a table created on-demand."""
        created = table.resource.created_minute
        if table.on_demand_since_days is not None:
            created = self._days_ago(table.on_demand_since_days)
        return {"BillingMode": "PAY_PER_REQUEST", "LastUpdateToPayPerRequestDateTime": created * 60.0}

    def _table_class(self, table: Table) -> dict[str, Any]:
        summary: dict[str, Any] = {
            "TableClass": "STANDARD_INFREQUENT_ACCESS" if table.infrequent_access else "STANDARD"
        }
        changed = table.class_change_minute(self._organisation.founded_minute)
        if changed is not None:
            summary["LastUpdateDateTime"] = changed * 60.0
        return summary

    def _days_ago(self, days: float) -> int:
        return self._organisation.founded_minute - round(days * MINUTES_PER_DAY)

    def _capacity(self, table: Table, resource: Resource) -> dict[str, Any]:
        """Provisioned units in force at the clock; for on-demand zero, and the maximum where there is one."""
        throughput: dict[str, Any] = {"NumberOfDecreasesToday": 0}
        clock = self._organisation.clock_minute
        for dimension in DIMENSIONS:
            units = 0
            if not table.on_demand:
                units = int(provisioned(self._organisation, resource, dimension, clock - 1, clock)[0])
            throughput[f"{dimension.capitalize()}CapacityUnits"] = units
            throughput |= self._last_change(resource, dimension)
        described: dict[str, Any] = {"ProvisionedThroughput": throughput}
        if table.on_demand_maximum and resource is table.resource:
            described["OnDemandThroughput"] = {
                f"Max{dimension.capitalize()}RequestUnits": table.on_demand_maximum.get(dimension, -1)
                for dimension in DIMENSIONS
            }
        described["WarmThroughput"] = {
            "ReadUnitsPerSecond": max(12_000, throughput["ReadCapacityUnits"]),
            "WriteUnitsPerSecond": max(4_000, throughput["WriteCapacityUnits"]),
            "Status": "ACTIVE",
        }
        return described

    def _last_change(self, resource: Resource, dimension: Dimension) -> dict[str, float]:
        """When a fixed capacity was last raised or cut, if it ever was."""
        throughput = resource.throughput(dimension)
        if throughput.was is None or throughput.units is None:
            return {}
        name = "LastIncreaseDateTime" if throughput.units > throughput.was else "LastDecreaseDateTime"
        return {name: self._days_ago(throughput.changed_days_ago) * 60.0}

    def _describe_index(self, table: Table, index: Resource) -> dict[str, Any]:
        return {
            "IndexName": index.index_name,
            "IndexArn": f"{table.arn}/index/{index.index_name}",
            "IndexStatus": "ACTIVE",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
            **self._capacity(table, index),
            **_sizes(table, index, "IndexSizeBytes"),
        }


def _sizes(table: Table, resource: Resource, name: str) -> Mapping[str, int]:
    """Bytes and items such that bytes plus the billed overhead of each item are the planted GB."""
    overhead = _OVERHEAD[bool(table.replica_regions)]
    items = round(resource.gb * _BYTES_PER_GB / (BYTES_PER_ITEM + overhead))
    return {name: items * BYTES_PER_ITEM, "ItemCount": items}
