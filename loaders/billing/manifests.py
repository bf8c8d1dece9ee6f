"""Manifests: which files a month consists of. What they do not list is superseded or left over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlparse

from loaders.billing import formats
from loaders.billing.exports import Entry, UnusableDelivery
from loaders.billing.formats import FileKind, Format
from loaders.billing.stores import Store

NAME = re.compile(r"^(?:.*/)?(?P<name>[^/]+)-Manifest\.json$", re.IGNORECASE)
# Where what is common to a manifest and its files ends in the keys of these: for Data Exports, for a legacy
# report in Parquet with its partitions, and for any other legacy report. With it, how many folders the
# manifest lies below that.
_ROOTS = (
    (re.compile(r"^.*?(?=data/[^/]*billing_period=\d{4}-\d{2}/)", re.IGNORECASE), 2),
    (re.compile(r"^.*?(?=[^/]+/year=\d{4}/month=\d{1,2}/)"), 1),
    (re.compile(r"^.*?\d{8}-\d{8}/"), 0),
)
# Where a legacy report in Parquet says how far its delivery got.
_STATUS = "cost_and_usage_data_status/"


@dataclass(frozen=True)
class Manifest:
    """What a manifest says, as far as it does.

    Attributes:
        keys: of the data files, in the bucket that they were delivered to.
        version: changes with every delivery, which the list of files need not: they may be overwritten.
        account_id: who owns the export.
    """

    name: str
    keys: tuple[str, ...]
    version: str
    is_legacy: bool
    files: FileKind
    format: Format
    account_id: str | None
    granularity: str | None
    has_resources: bool | None


def read(store: Store, entry: Entry) -> Manifest:
    """Read and check a manifest.

    Raises:
        ClientError, BotoCoreError: it cannot be read.
        UnusableDelivery: it is not a manifest as AWS writes it.
    """
    try:
        said = json.loads(store.content(entry.key))
    except ValueError:
        said = None
    match = NAME.match(entry.key)
    assert match is not None
    if not isinstance(said, dict):
        said = {}
    is_legacy = "reportKeys" in said
    listed = said.get("reportKeys" if is_legacy else "dataFiles")
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise UnusableDelivery(
            f"{store.place(entry.key)} lists no files: it is not the manifest of a billing export."
        )
    keys = tuple(key for key in map(_key, listed) if _STATUS not in key)
    files = _kind(said, keys)
    columns = _columns(said)
    return Manifest(
        name=match["name"],
        keys=keys,
        version=str(
            said.get("assemblyId") or said.get("executionId") or f"{entry.modified_at:%Y-%m-%dT%H:%M:%SZ}"
        ),
        is_legacy=is_legacy,
        files=files,
        format=_format(said, columns, files, is_legacy=is_legacy),
        account_id=_account_id(said),
        granularity=_setting(said, "TIME_GRANULARITY"),
        has_resources=_has_resources(said),
    )


def located(manifest: Manifest, manifest_key: str) -> tuple[str, ...]:
    """Return the keys of a manifest's files where the manifest lies itself.

    That is another place than they were delivered to where a bucket is replicated, or copied to a folder.
    """
    parts = manifest_key.split("/")[:-1]
    located = []
    for key in manifest.keys:
        for root, depth in _ROOTS:
            match = root.match(key)
            if match and len(parts) >= depth:
                above = parts[: len(parts) - depth]
                located.append("/".join([*above, key[match.end() :]]))
                break
        else:
            located.append(key)
    return tuple(located)


def _key(listed: str) -> str:
    """Return the key in a list of keys or s3:// URLs."""
    return unquote(urlparse(listed).path.lstrip("/")) if listed.startswith("s3://") else listed


def _kind(said: Mapping[str, Any], keys: Iterable[str]) -> FileKind:
    if any(key.lower().endswith(".parquet") for key in keys):
        return "parquet"
    return "parquet" if "parquet" in str(said.get("contentType", "")).lower() else "csv"


def _columns(said: Mapping[str, Any]) -> list[str]:
    """Return the names of columns, those of a legacy report with their categories as its CSV has them."""
    found = said.get("columns")
    names = []
    for column in found if isinstance(found, list) else []:
        if isinstance(column, str):
            names.append(column)
        elif isinstance(column, dict) and "name" in column:
            category = column.get("category")
            names.append(f"{category}/{column['name']}" if category else str(column["name"]))
    return names


def _format(said: Mapping[str, Any], columns: list[str], files: FileKind, *, is_legacy: bool) -> Format:
    """Return the format; an export that does not say what it queries passes for CUR 2.0."""
    if is_legacy:
        return "legacy_parquet" if files == "parquet" else "legacy_csv"
    named = " ".join(str(said.get(name, "")) for name in ("table", "queryStatement", "tableConfigurations"))
    told = formats.of_table(named, files) or formats.of_columns(columns, files, is_legacy=False)
    return told or ("cur2_parquet" if files == "parquet" else "cur2_csv")


def _account_id(said: Mapping[str, Any]) -> str | None:
    arn = str(said.get("exportArn", "")).split(":")
    if len(arn) > 5:
        return arn[4]
    return str(said["account"]) if said.get("account") else None


def _setting(said: Mapping[str, Any], name: str) -> str | None:
    """Return a setting of the table; it may be kept by the table's name."""
    settings = said.get("tableConfigurations")
    if not isinstance(settings, dict):
        return None
    for each in (settings, *(value for value in settings.values() if isinstance(value, dict))):
        if name in each:
            return str(each[name])
    return None


def _has_resources(said: Mapping[str, Any]) -> bool | None:
    setting = _setting(said, "INCLUDE_RESOURCES")
    return None if setting is None else setting == "TRUE"
