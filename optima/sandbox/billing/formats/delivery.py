"""Where the files and manifests of each export lie, and what the APIs say of it.

Some overwrite their files, others create new ones at each delivery. What an earlier delivery left lies beside
in both, and no newest manifest lists it: a surplus chunk where files are overwritten, a whole folder with a
manifest of its own where they are created anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from optima.sandbox.billing.formats import cur2, files, focus, legacy
from optima.sandbox.billing.formats.cur2_columns import CHOSEN_CONFIGURATION
from optima.sandbox.billing.formats.cur2_columns import COLUMNS as CUR2_COLUMNS
from optima.sandbox.billing.formats.portion import Portion
from optima.sandbox.billing.lines import Month
from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID

BUCKET = "sandbox-billing-exports"
PREFIX = "cur"
_FIRST_NAME = "organisation-hourly"

Object = tuple[str, bytes]


@dataclass(frozen=True)
class Export:
    """One export or legacy report: its name, and how it is written.

    `sql_table` is what a Data Export selects from, empty for a legacy report. `partition` is how its folder
    of a month is spelt.
    """

    format: str
    name: str
    sql_table: str
    table: Callable[[Portion], pa.Table]
    columns: tuple[str, ...]
    is_parquet: bool
    creates_new: bool
    partition: str = "BILLING_PERIOD"
    compression: files.Compression = "GZIP"

    @property
    def is_legacy(self) -> bool:
        """A report of the old service."""
        return not self.sql_table

    @property
    def arn(self) -> str:
        """What GetExport is asked for."""
        return f"arn:aws:bcm-data-exports:us-east-1:{MANAGEMENT_ACCOUNT_ID}:export/{self.name}-0001"

    @property
    def suffix(self) -> str:
        """What the names of its files end with."""
        return ".snappy.parquet" if self.is_parquet else files.SUFFIXES[self.compression]

    def body(self, portion: Portion, name: str) -> bytes:
        """The bytes of one file, which is called `name` without its compression."""
        if self.is_parquet:
            return files.parquet(self.table(portion))
        table = self.table(replace(portion, maps_as_json=True))
        if self.is_legacy:
            table = table.rename_columns([legacy.CSV_NAMES[column] for column in table.column_names])
        return files.csv(table, self.compression, unit="s" if self.is_legacy else "ms", name=name)


def export(billing_format: str, compression: files.Compression = "GZIP") -> Export:
    """The export of a format of `SandboxConfig.billing_formats`; `compression` is that of a CSV."""
    is_parquet = billing_format in ("legacy_parquet", "cur2_parquet", "focus_1_2")
    creates_new = billing_format in ("legacy_csv", "cur2_csv", "focus_1_2")
    name = _FIRST_NAME
    if billing_format != "cur2_parquet":
        name += "-" + billing_format.replace("_", "-")
    common: dict[str, Any] = {
        "format": billing_format,
        "name": name,
        "is_parquet": is_parquet,
        "creates_new": creates_new,
        "compression": compression,
    }
    if billing_format.startswith("legacy"):
        return Export(sql_table="", table=legacy.table, columns=tuple(legacy.CSV_NAMES), **common)
    if billing_format.startswith("cur2"):
        return Export(
            sql_table="COST_AND_USAGE_REPORT", table=cur2.table, columns=tuple(CUR2_COLUMNS), **common
        )
    return Export(
        sql_table=f"{billing_format.upper()}_AWS",
        table=lambda portion: focus.table(portion, billing_format),
        columns=focus.COLUMNS[billing_format],
        partition="billing_period",
        **common,
    )


def described(one: Export) -> Mapping[str, Any]:
    """What GetExport says of a Data Export."""
    compression = "PARQUET" if one.is_parquet else one.compression
    return {
        "ExportArn": one.arn,
        "Name": one.name,
        "DataQuery": {
            "QueryStatement": " ".join(("SELECT", ", ".join(one.columns), "FROM", one.sql_table)),
            "TableConfigurations": {one.sql_table: _configuration(one)},
        },
        "DestinationConfigurations": {
            "S3Destination": {
                "S3Bucket": BUCKET,
                "S3Prefix": PREFIX,
                "S3Region": "us-east-1",
                "S3OutputConfigurations": {
                    "OutputType": "CUSTOM",
                    "Format": "PARQUET" if one.is_parquet else "TEXT_OR_CSV",
                    "Compression": compression,
                    "Overwrite": _overwriting(one),
                },
            }
        },
        "RefreshCadence": {"Frequency": "SYNCHRONOUS"},
    }


def defined(one: Export) -> Mapping[str, Any]:
    """What DescribeReportDefinitions says of a legacy report."""
    return {
        "ReportName": one.name,
        "TimeUnit": "HOURLY",
        "Format": "Parquet" if one.is_parquet else "textORcsv",
        "Compression": "Parquet" if one.is_parquet else one.compression,
        "AdditionalSchemaElements": ["RESOURCES"],
        "S3Bucket": BUCKET,
        "S3Prefix": PREFIX,
        "S3Region": "us-east-1",
        "AdditionalArtifacts": ["ATHENA"] if one.is_parquet else [],
        "RefreshClosedReports": True,
        "ReportVersioning": _overwriting(one),
    }


def _overwriting(one: Export) -> str:
    return "CREATE_NEW_REPORT" if one.creates_new else "OVERWRITE_REPORT"


def _configuration(one: Export) -> Mapping[str, str]:
    """FOCUS always names resources; only that of 1.2 has a granularity to choose."""
    if one.format.startswith("cur2"):
        return CHOSEN_CONFIGURATION
    return {"TIME_GRANULARITY": "HOURLY"} if one.format == "focus_1_2" else {}


@dataclass(frozen=True)
class Delivery:
    """One month of an export, as delivered at the clock."""

    export: Export
    month: Month
    delivered_at: datetime

    def data_key(self, number: int) -> str:
        """The key of a data file, counted from 1."""
        return self._data_key(number, self.delivered_at)

    def data_object(self, number: int, portion: Portion) -> Object:
        """A data file."""
        name = self._file_name(number).removesuffix(self.export.suffix) + ".csv"
        return self.data_key(number), self.export.body(portion, name)

    def further_objects(self, keys: Sequence[str], last: bytes) -> Iterator[Object]:
        """What an earlier delivery left, whose last file held the same as today's; then the manifests."""
        one = self.export
        manifest = self._manifest(keys, self.delivered_at)
        if not one.creates_new:
            yield self.data_key(len(keys) + 1), last
            yield self._newest_manifest_key(), manifest
            return
        before = self.delivered_at - timedelta(days=1)
        superseded = self._data_key(1, before)
        yield superseded, last
        yield self._manifest_key(before), self._manifest([superseded], before)
        yield self._manifest_key(self.delivered_at), manifest
        yield self._newest_manifest_key(), manifest

    def _data_key(self, number: int, delivered_at: datetime) -> str:
        one = self.export
        name = self._file_name(number)
        if not one.is_legacy:
            folder = f"{PREFIX}/{one.name}/data/{self._partition()}/"
            return folder + (f"{self._stamp(delivered_at)}/" if one.creates_new else "") + name
        if one.is_parquet:
            start = self.month.start
            return f"{PREFIX}/{one.name}/{one.name}/year={start.year}/month={start.month}/{name}"
        return f"{PREFIX}/{one.name}/{self._span()}/{self._assembly(delivered_at)}/{name}"

    def _file_name(self, number: int) -> str:
        count = f"{number}" if self.export.is_legacy and not self.export.is_parquet else f"{number:05d}"
        return f"{self.export.name}-{count}{self.export.suffix}"

    def _partition(self) -> str:
        return f"{self.export.partition}={self.month.start:%Y-%m}"

    def _span(self) -> str:
        return f"{self.month.start:%Y%m%d}-{self.month.end:%Y%m%d}"

    def _stamp(self, delivered_at: datetime) -> str:
        return f"{delivered_at:%Y-%m-%dT%H:%M:%S}.000Z-{self._assembly(delivered_at)}"

    def _assembly(self, delivered_at: datetime) -> str:
        text = f"{self.export.name} {self.month.start} {delivered_at}"
        digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))

    def _newest_manifest_key(self) -> str:
        one = self.export
        folder = self._span() if one.is_legacy else f"metadata/{self._partition()}"
        return f"{PREFIX}/{one.name}/{folder}/{one.name}-Manifest.json"

    def _manifest_key(self, delivered_at: datetime) -> str:
        """That of one delivery, where each has its own."""
        newest = self._newest_manifest_key()
        folder, name = newest.rsplit("/", 1)
        own = self._assembly(delivered_at) if self.export.is_legacy else self._stamp(delivered_at)
        return f"{folder}/{own}/{name}"

    def _manifest(self, keys: Sequence[str], delivered_at: datetime) -> bytes:
        manifest = self._legacy_manifest if self.export.is_legacy else self._data_exports_manifest
        return json.dumps(manifest(keys, delivered_at), indent=2).encode()

    def _data_exports_manifest(self, keys: Sequence[str], delivered_at: datetime) -> Mapping[str, Any]:
        one, month = self.export, self.month
        return {
            "name": one.name,
            "exportArn": one.arn,
            "executionId": f"{month.start:%Y%m%d}-{int(delivered_at.timestamp()) // 60}",
            "table": one.sql_table,
            "tableConfigurations": _configuration(one),
            "contentType": "Parquet" if one.is_parquet else "text/csv",
            "compression": "Parquet" if one.is_parquet else one.compression,
            "overwrite": _overwriting(one),
            "billingPeriod": {"start": f"{month.start.isoformat()}Z", "end": f"{month.end.isoformat()}Z"},
            "columns": [{"name": name} for name in one.columns],
            "dataFiles": [f"s3://{BUCKET}/{key}" for key in keys],
        }

    def _legacy_manifest(self, keys: Sequence[str], delivered_at: datetime) -> Mapping[str, Any]:
        one, month = self.export, self.month
        named = [legacy.CSV_NAMES[name].split("/", 1) for name in one.columns]
        return {
            "assemblyId": self._assembly(delivered_at),
            "account": MANAGEMENT_ACCOUNT_ID,
            "columns": [{"category": category, "name": name} for category, name in named],
            "charset": "UTF-8",
            "compression": "Parquet" if one.is_parquet else one.compression,
            "contentType": "Parquet" if one.is_parquet else "text/csv",
            "reportId": hashlib.sha256(one.name.encode()).hexdigest(),
            "reportName": one.name,
            "billingPeriod": {
                "start": f"{month.start:%Y%m%dT%H%M%S}.000Z",
                "end": f"{month.end:%Y%m%dT%H%M%S}.000Z",
            },
            "bucket": BUCKET,
            "reportKeys": list(keys),
            "additionalArtifactKeys": [],
        }


def status_object(one: Export) -> Iterator[Object]:
    """What a legacy report for Athena keeps beside its data: no line of any bill."""
    if one.is_legacy and one.is_parquet:
        table = pa.table({"export_name": [one.name], "status": ["READY"]})
        folder = f"{PREFIX}/{one.name}/cost_and_usage_data_status"
        yield f"{folder}/cost_and_usage_data_status.parquet", files.parquet(table)
