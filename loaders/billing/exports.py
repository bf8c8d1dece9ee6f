"""Finding billing exports and what belongs to each of their months.

A manifest's list of files decides what a month consists of: superseded and surplus ones lie beside those.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote, urlparse

from botocore.exceptions import HTTPClientError, IncompleteReadError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from loaders.aws.failures import AWS_ERRORS, as_load_error, code_of, kind_of
from loaders.aws.paging import Calls
from loaders.aws.sessions import Sessions
from loaders.errors import LoadError
from loaders.report import Problem

FORMAT = "cur2_parquet"
# Data Exports and the legacy reports are managed from here, wherever their buckets are.
_ENDPOINT_REGION = "us-east-1"
# How often a manifest is read whose body is cut short.
_ATTEMPTS = 6
_TABLE = "COST_AND_USAGE_REPORT"
# prefix/export/metadata/BILLING_PERIOD=2026-10/export-Manifest.json. An export that is created anew each time
# has a further copy one folder down; the one directly in the partition is the newest.
_MANIFEST = re.compile(
    r"^(?:(?P<prefix>.*)/)?(?P<name>[^/]+)/metadata/BILLING_PERIOD=(?P<month>\d{4}-\d{2})/[^/]*Manifest\.json$",
    re.IGNORECASE,
)


class UnusableDelivery(Exception):  # noqa: N818 (it is the delivery that is wrong)
    """A month's delivery is not what AWS writes. Says so in one sentence, which names the object."""


@dataclass(frozen=True)
class Export:
    """One CUR 2.0 export in Parquet and where it lies."""

    payer_account_id: str
    name: str
    bucket: str
    prefix: str
    region: str | None = None
    granularity: str | None = None
    has_resources: bool | None = None  # None: only its files will tell

    @property
    def folder(self) -> str:
        """The key under which everything of the export lies, with its slash."""
        return f"{self.prefix.strip('/')}/{self.name}/".lstrip("/")


@dataclass(frozen=True)
class Delivery:
    """The newest manifest of one month of an export, not read yet."""

    export: Export
    period: date
    key: str
    modified_at: datetime

    @property
    def name(self) -> str:
        """The unit as the ledger calls it."""
        return f"{self.export.payer_account_id}/{self.export.name}/{self.period:%Y-%m}"


@dataclass(frozen=True)
class Month:
    """One month of an export: the bucket and key of each of its files, and which delivery they are of."""

    delivery: Delivery
    manifest_id: str
    files: tuple[tuple[str, str], ...]


def discover(sessions: Sessions, calls: Calls) -> tuple[list[Export], list[Problem]]:
    """Find the caller's exports, and say what is in the way of using others.

    Raises:
        LoadError: there is none that can be read, saying why and what to set up.
    """
    client = sessions.client("bcm-data-exports", region=_ENDPOINT_REGION)
    exports: list[Export] = []
    problems: list[Problem] = []
    account_id = sessions.caller.account_id
    try:
        for listed in calls.items(client, "list_exports", "Exports"):
            described = calls.one(client.get_export, ExportArn=listed["ExportArn"])["Export"]
            hindrance = _hindrance(described)
            if hindrance is None:
                exports.append(_export(described))
            else:
                problems.append(Problem(account_id, None, described["Name"], hindrance, "nothing"))
    except AWS_ERRORS as error:
        if kind_of(error) == "denied":
            raise LoadError(
                f"Account {account_id} may not list its billing exports ({code_of(error)}): use the "
                "management account, or name the export with --bucket and --prefix."
            ) from error
        raise as_load_error(error, "the billing exports") from error
    if not exports:
        raise LoadError(_nothing_usable(sessions, calls, problems))
    return exports, problems


def _export(described: Mapping[str, Any]) -> Export:
    destination = described["DestinationConfigurations"]["S3Destination"]
    configuration = described["DataQuery"].get("TableConfigurations", {}).get(_TABLE, {})
    return Export(
        payer_account_id=described["ExportArn"].split(":")[4],
        name=described["Name"],
        bucket=destination["S3Bucket"],
        prefix=destination["S3Prefix"],
        region=destination.get("S3Region"),
        granularity=configuration.get("TIME_GRANULARITY"),
        has_resources=configuration.get("INCLUDE_RESOURCES", "FALSE") == "TRUE",
    )


def _hindrance(described: Mapping[str, Any]) -> str | None:
    """Say why an export cannot be used; None if it can."""
    name = described["Name"]
    tables = described["DataQuery"].get("TableConfigurations", {})
    statement = described["DataQuery"]["QueryStatement"].upper()
    if _TABLE not in tables and _TABLE not in statement:
        return f"Billing export {name} is not a cost and usage report: it was left out."
    output = described["DestinationConfigurations"]["S3Destination"]["S3OutputConfigurations"]
    if output.get("Format") != "PARQUET":
        return f"Billing export {name} is not in Parquet: it was left out; choose Parquet for it."
    if tables.get(_TABLE, {}).get("INCLUDE_RESOURCES", "FALSE") != "TRUE":
        return (
            f"Billing export {name} does not name resources, so it cannot say which table cost what: it was "
            "left out; create one with INCLUDE_RESOURCES."
        )
    return None


def _nothing_usable(sessions: Sessions, calls: Calls, problems: list[Problem]) -> str:
    if problems:
        return problems[0].message
    account_id = sessions.caller.account_id
    advice = (
        "create one in the billing console under Data Exports (CUR 2.0, Parquet, hourly, with resource ids), "
        "or name an export with --bucket and --prefix."
    )
    client = sessions.client("cur", region=_ENDPOINT_REGION)
    try:
        legacy = list(calls.items(client, "describe_report_definitions", "ReportDefinitions"))
    except AWS_ERRORS:
        legacy = []  # asked only to explain; not being allowed to ask changes nothing
    if legacy:
        name = legacy[0]["ReportName"]
        return f"Account {account_id} has only the legacy report {name}, which is not read: {advice}"
    return f"Account {account_id} has no billing export: {advice}"


def in_bucket(sessions: Sessions, calls: Calls, bucket: str, prefix: str) -> list[Export]:
    """Find the exports of a bucket by their manifests.

    Raises:
        LoadError: the bucket cannot be read, or holds no manifest under the prefix.
    """
    client = sessions.client("s3")
    try:
        keys = [key for key, _ in _objects(client, calls, bucket, prefix.strip("/"))]
    except AWS_ERRORS as error:
        raise as_load_error(error, f"the bucket {bucket}") from error
    found = {(match["prefix"] or "", match["name"]): key for key in keys if (match := _MANIFEST.match(key))}
    if not found:
        raise LoadError(
            f"No manifest of a CUR 2.0 export lies in s3://{bucket}/{prefix}: check bucket and prefix."
        )
    return [
        Export(_owner(client, calls, bucket, key) or sessions.caller.account_id, name, bucket, folder)
        for (folder, name), key in sorted(found.items())
    ]


def _owner(client: Any, calls: Calls, bucket: str, manifest_key: str) -> str | None:
    """Return the account that an export belongs to, if its manifest tells."""
    try:
        manifest = _manifest(client, calls, bucket, manifest_key)
    except AWS_ERRORS as error:
        raise as_load_error(error, f"s3://{bucket}/{manifest_key}") from error
    except UnusableDelivery as error:
        raise LoadError(str(error)) from error
    parts = str(manifest.get("exportArn", "")).split(":")
    return parts[4] if len(parts) > 5 else None


def _manifest(client: Any, calls: Calls, bucket: str, key: str) -> Mapping[str, Any]:
    """Read and check a manifest.

    Raises:
        ClientError, BotoCoreError: it cannot be read.
        UnusableDelivery: it is not a manifest as AWS writes it.
    """

    def body() -> bytes:
        content: bytes = calls.one(client.get_object, Bucket=bucket, Key=key)["Body"].read()
        return content

    # botocore repeats calls, but not the reading of a body that was cut short.
    cut_short = retry_if_exception_type((HTTPClientError, IncompleteReadError))
    content = Retrying(
        retry=cut_short,
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_random_exponential(0.1, 2),
        reraise=True,
    )(body)
    try:
        manifest = json.loads(content)
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("dataFiles"), list):
        raise UnusableDelivery(
            f"s3://{bucket}/{key} lists no files: it is not the manifest of a CUR 2.0 export."
        )
    return manifest


def deliveries(sessions: Sessions, calls: Calls, export: Export) -> list[Delivery]:
    """Return the months that have been delivered, newest first.

    Raises:
        ClientError, BotoCoreError: the bucket cannot be read.
    """
    client = sessions.client("s3", region=export.region)
    found: dict[date, Delivery] = {}
    for key, modified_at in _objects(client, calls, export.bucket, f"{export.folder}metadata/"):
        match = _MANIFEST.match(key)
        if match:
            period = date.fromisoformat(f"{match['month']}-01")
            found[period] = Delivery(export, period, key, modified_at)
    return [found[period] for period in sorted(found, reverse=True)]


def month_of(client: Any, calls: Calls, delivery: Delivery) -> Month:
    """Read what a delivery's manifest says.

    Raises:
        ClientError, BotoCoreError: the manifest cannot be read.
        UnusableDelivery: it is not a manifest as AWS writes it.
    """
    bucket = delivery.export.bucket
    manifest = _manifest(client, calls, bucket, delivery.key)
    return Month(
        delivery,
        _version(manifest, delivery.modified_at),
        tuple(_location(str(entry), bucket) for entry in manifest["dataFiles"]),
    )


def _version(manifest: Mapping[str, Any], modified_at: datetime) -> str:
    """Return what changes with every delivery, which the list of files need not: they may be overwritten."""
    return str(manifest.get("executionId") or f"{modified_at:%Y-%m-%dT%H:%M:%SZ}")


def _location(entry: str, bucket: str) -> tuple[str, str]:
    """Split an s3:// URL into bucket and key; a bare key lies in the manifest's own bucket."""
    if not entry.startswith("s3://"):
        return bucket, entry
    url = urlparse(entry)
    return url.netloc, unquote(url.path.lstrip("/"))


def _objects(client: Any, calls: Calls, bucket: str, prefix: str) -> Iterator[tuple[str, datetime]]:
    """Yield the key of every object under a prefix, and when it was written."""
    for found in calls.items(client, "list_objects_v2", "Contents", Bucket=bucket, Prefix=prefix):
        yield found["Key"], found["LastModified"]
