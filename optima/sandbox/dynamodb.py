"""DynamoDB's control plane: the lists of tables, what each is and how it is set up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optima.sandbox.demand import MINUTES_PER_DAY
from optima.sandbox.metrics import provisioned
from optima.sandbox.organisation import DIMENSIONS, Dimension, Organisation, Resource, Table
from optima.sandbox.present import Present
from optima.sandbox.wire import Call, Handlers, Reply, ServiceError, json_reply

BYTES_PER_ITEM = 400
_BYTES_PER_GB = 1 << 30
# What is billed for each item on top of its own bytes, and what DescribeTable does not count.
_OVERHEAD = {False: 100, True: 148}
_NAMES_PAGE = 100
_ACCOUNT_LIMIT, _TABLE_LIMIT = 80_000, 40_000


class DynamoDB:
    """The tables that there are at present."""

    def __init__(self, organisation: Organisation, present: Present):
        self._organisation = organisation
        self._present = present

    def handlers(self) -> Handlers:
        """What is answered here."""
        return {
            ("dynamodb", "ListTables"): self.list_tables,
            ("dynamodb", "DescribeTable"): self.describe_table,
            ("dynamodb", "DescribeTimeToLive"): self.describe_time_to_live,
            ("dynamodb", "DescribeContinuousBackups"): self.describe_continuous_backups,
            ("dynamodb", "ListTagsOfResource"): self.list_tags_of_resource,
            ("dynamodb", "DescribeLimits"): self.describe_limits,
        }

    def list_tables(self, call: Call) -> Reply:
        """A hundred names a page; the last one of a page is where the next begins."""
        request = call.json()
        size = request.get("Limit", _NAMES_PAGE)
        if not 1 <= size <= _NAMES_PAGE:
            raise ServiceError("com.amazon.coral.validate#ValidationException", "Limit must be 1 to 100.")
        after = request.get("ExclusiveStartTableName", "")
        names = [t.name for t in self._present.tables(call.account_id, call.region) if t.name > after]
        answer: dict[str, Any] = {"TableNames": names[:size]}
        if size < len(names):
            answer["LastEvaluatedTableName"] = names[size - 1]
        return json_reply(answer)

    def describe_time_to_live(self, call: Call) -> Reply:
        """Whether items expire, and by which attribute."""
        attribute = self._table(call).ttl_attribute
        described = {"TimeToLiveStatus": "ENABLED" if attribute else "DISABLED"}
        if attribute:
            described["AttributeName"] = attribute
        return json_reply({"TimeToLiveDescription": described})

    def describe_continuous_backups(self, call: Call) -> Reply:
        """Whether the table can be restored to any point in time."""
        is_enabled = self._table(call, "TableNotFoundException").point_in_time_recovery
        recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "ENABLED" if is_enabled else "DISABLED"}
        if is_enabled:
            latest = self._organisation.clock_minute - 5
            recovery["LatestRestorableDateTime"] = latest * 60.0
            recovery["EarliestRestorableDateTime"] = (latest - 35 * MINUTES_PER_DAY) * 60.0
        return json_reply(
            {
                "ContinuousBackupsDescription": {
                    "ContinuousBackupsStatus": "ENABLED",
                    "PointInTimeRecoveryDescription": recovery,
                }
            }
        )

    def list_tags_of_resource(self, call: Call) -> Reply:
        """The tags of a table, on one page: there are at most fifty."""
        tags = self._table(call).tags
        return json_reply({"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]})

    def _table(self, call: Call, refusal: str = "ResourceNotFoundException") -> Table:
        """The table that a call names, by name or by ARN."""
        request = call.json()
        named = str(request.get("TableName") or request.get("ResourceArn") or "")
        name = named.rpartition("/")[2]
        table = self._present.table(call.account_id, call.region, name)
        if table is None:
            raise ServiceError(
                f"com.amazonaws.dynamodb.v20120810#{refusal}",
                f"Requested resource not found: Table: {name} not found",
            )
        return table

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
        return json_reply({"Table": self._describe(self._table(call))})

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
