"""Prices of the sandbox's regions, and the products that they belong to."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

REGION_CODES = {"us-east-1": "", "us-west-2": "USW2-", "eu-west-1": "EU-"}
REGION_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "us-west-2": "US West (Oregon)",
    "eu-west-1": "EU (Ireland)",
}


@dataclass(frozen=True)
class Tier:
    """A price from `begin` units of a month up to `end`, both as AWS writes them (`Inf` has no end)."""

    usd: str
    unit: str
    begin: str
    end: str


@dataclass(frozen=True)
class Product:
    """What the price list says of a product; `group` names throughput, `volume_type` bytes."""

    family: str
    operation: str
    usage_type: str
    group: str = ""
    volume_type: str = ""


_ON_DEMAND = "Amazon DynamoDB PayPerRequest Throughput"
_REPLICATED = "DDB-Operation-ReplicatedWrite"
_PIOPS = "Provisioned IOPS"
_STORAGE = "Database Storage"
_BACKUP = "Amazon DynamoDB On-Demand Backup Storage"

PRODUCTS: Mapping[str, Product] = {
    "ondemand.read.standard": Product(
        _ON_DEMAND, "PayPerRequestThroughput", "ReadRequestUnits", "DDB-ReadUnits"
    ),
    "ondemand.write.standard": Product(
        _ON_DEMAND, "PayPerRequestThroughput", "WriteRequestUnits", "DDB-WriteUnits"
    ),
    "ondemand.replicated_write.standard": Product(
        _REPLICATED, "PayPerRequestThroughput", "ReplWriteRequestUnits", "DDB-ReplicatedWriteUnits"
    ),
    "ondemand.read.ia": Product(
        _ON_DEMAND, "PayPerRequestThroughput", "IA-ReadRequestUnits", "DDB-ReadUnitsIA"
    ),
    "ondemand.write.ia": Product(
        _ON_DEMAND, "PayPerRequestThroughput", "IA-WriteRequestUnits", "DDB-WriteUnitsIA"
    ),
    "ondemand.replicated_write.ia": Product(
        _REPLICATED, "PayPerRequestThroughput", "IA-ReplWriteRequestUnits", "DDB-ReplicatedWriteUnitsIA"
    ),
    "provisioned.read.standard": Product(
        _PIOPS, "CommittedThroughput", "ReadCapacityUnit-Hrs", "DDB-ReadUnits"
    ),
    "provisioned.write.standard": Product(
        _PIOPS, "CommittedThroughput", "WriteCapacityUnit-Hrs", "DDB-WriteUnits"
    ),
    "provisioned.replicated_write.standard": Product(
        _REPLICATED, "CommittedThroughput", "ReplWriteCapacityUnit-Hrs", "DDB-ReplicatedWriteUnits"
    ),
    "provisioned.read.ia": Product(
        _PIOPS, "CommittedThroughput", "IA-ReadCapacityUnit-Hrs", "DDB-ReadUnitsIA"
    ),
    "provisioned.write.ia": Product(
        _PIOPS, "CommittedThroughput", "IA-WriteCapacityUnit-Hrs", "DDB-WriteUnitsIA"
    ),
    "provisioned.replicated_write.ia": Product(
        _REPLICATED, "CommittedThroughput", "IA-ReplWriteCapacityUnit-Hrs", "DDB-ReplicatedWriteUnitsIA"
    ),
    "storage.standard": Product(
        _STORAGE, "", "TimedStorage-ByteHrs", volume_type="Amazon DynamoDB - Indexed DataStore"
    ),
    "storage.ia": Product(
        _STORAGE, "", "IA-TimedStorage-ByteHrs", volume_type="Amazon DynamoDB - Indexed DataStore - IA"
    ),
    "backup.pitr": Product(
        _STORAGE,
        "",
        "TimedPITRStorage-ByteHrs",
        volume_type="Amazon DynamoDB - Point-In-Time-Restore (PITR) Backup Storage",
    ),
    "backup.ondemand.warm": Product(
        _BACKUP, "", "TimedBackupStorage-ByteHrs", volume_type="Amazon DynamoDB - On-Demand Backup Storage"
    ),
    "restore.warm": Product(
        "Amazon DynamoDB Restore Data Size",
        "",
        "RestoreDataSize-Bytes",
        volume_type="Amazon DynamoDB - Backup Restore Size",
    ),
    "export.full": Product(
        "Amazon DynamoDB Export Data Size",
        "",
        "ExportDataSize-Bytes",
        volume_type="Amazon DynamoDB - Export Size",
    ),
    "import": Product(
        "Amazon DynamoDB Import Data Size",
        "",
        "ImportDataSize-Bytes",
        volume_type="Amazon DynamoDB - Import Size",
    ),
    "streams.read": Product("API Request", "GetRecords", "Streams-Requests", "DDB-StreamsReadRequests"),
    "cdc.kinesis": Product(
        "DDB-Kinesis", "DelegatedOperations", "ChangeDataCaptureUnits-Kinesis", "DDB-Kinesis"
    ),
}


@lru_cache
def price_list() -> Mapping[tuple[str, str], tuple[Tier, ...]]:
    """Tiers by region and price key. A region lacks what is not known of it, as the real list does."""
    text = resources.files("optima.sandbox").joinpath("planted", "prices.csv").read_text(encoding="utf-8")
    tiers: dict[tuple[str, str], list[Tier]] = defaultdict(list)
    for row in csv.DictReader(text.splitlines()):
        tier = Tier(row["usd"], row["unit"], row["begin_range"], row["end_range"])
        tiers[row["region"], row["price_key"]].append(tier)
    return {key: tuple(value) for key, value in tiers.items()}
