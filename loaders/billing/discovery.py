"""Finding the billing exports that an account defines, and those that lie in a bucket or a folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from loaders.aws.failures import AWS_ERRORS, as_load_error, code_of, kind_of, sentence
from loaders.aws.paging import Calls
from loaders.aws.sessions import Sessions
from loaders.billing import formats, layouts, manifests
from loaders.billing.exports import Export, UnusableDelivery
from loaders.billing.formats import FileKind
from loaders.billing.stores import Store
from loaders.errors import LoadError
from loaders.report import Problem

# Data Exports and the legacy reports are managed from here, wherever their buckets are.
_ENDPOINT_REGION = "us-east-1"
_FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
# By its newest manifest that can be read an export is described.
_MONTHS_LOOKED_AT = 3
_ADVICE = (
    "create one in the billing console under Data Exports (CUR 2.0, Parquet, hourly, with resource ids), "
    "or name an export with --bucket and --prefix, or a copied one with --path."
)


def discover(sessions: Sessions, calls: Calls) -> tuple[list[Export], list[Problem]]:
    """Find the exports and legacy reports of the caller's account, and say why others are of no use.

    Raises:
        LoadError: there is none that can be read, saying why and what to set up.
    """
    account_id = sessions.caller.account_id
    exports: list[Export] = []
    problems: list[Problem] = []
    refused: list[Exception] = []
    for listed in (_data_exports, _legacy_reports):
        try:
            for name, found in listed(sessions, calls):
                if isinstance(found, Export):
                    exports.append(found)
                else:
                    problems.append(Problem(account_id, None, name, found, "nothing"))
        except AWS_ERRORS as error:
            # What is found is read, whatever a legacy report would tell besides.
            if kind_of(error) != "denied" and not exports:
                raise as_load_error(error, "the billing exports") from error
            refused.append(error)
    if exports:
        return exports, problems
    if problems:
        raise LoadError(problems[0].message)
    if refused:
        raise LoadError(
            f"Account {account_id} may not list its billing exports ({code_of(refused[0])}): use the "
            "management account, or name the export with --bucket and --prefix."
        ) from refused[0]
    raise LoadError(f"Account {account_id} has no billing export: {_ADVICE}")


def _data_exports(sessions: Sessions, calls: Calls) -> list[tuple[str, Export | str]]:
    """Return each export by its name, or in a sentence why it is of no use."""
    client = sessions.client("bcm-data-exports", region=_ENDPOINT_REGION)
    found = []
    for listed in calls.items(client, "list_exports", "Exports"):
        described = calls.one(client.get_export, ExportArn=listed["ExportArn"])["Export"]
        found.append((described["Name"], _data_export(described)))
    return found


def _data_export(described: Mapping[str, Any]) -> Export | str:
    name = described["Name"]
    query = described["DataQuery"]
    destination = described["DestinationConfigurations"]["S3Destination"]
    files: FileKind = "parquet" if destination["S3OutputConfigurations"].get("Format") == "PARQUET" else "csv"
    tables = query.get("TableConfigurations", {})
    queried = _FROM.search(query["QueryStatement"])
    table = queried[1] if queried else " ".join(tables)
    told = formats.of_table(table, files)
    if told is None:
        return f"Billing export {name} is not a cost and usage report: it was left out."
    settings: Mapping[str, str] = next(iter(tables.values()), {})
    has_resources = told.startswith("focus") or settings.get("INCLUDE_RESOURCES", "FALSE") == "TRUE"
    if not has_resources:
        return (
            f"Billing export {name} does not name resources, so it cannot say which table cost what: it was "
            "left out; create one with INCLUDE_RESOURCES."
        )
    return Export(
        payer_account_id=described["ExportArn"].split(":")[4],
        name=name,
        folder=_folder(destination.get("S3Prefix", ""), name),
        files=files,
        format=told,
        bucket=destination["S3Bucket"],
        region=destination.get("S3Region"),
        granularity=settings.get("TIME_GRANULARITY"),
        has_resources=True,
    )


def _legacy_reports(sessions: Sessions, calls: Calls) -> list[tuple[str, Export | str]]:
    client = sessions.client("cur", region=_ENDPOINT_REGION)
    account_id = sessions.caller.account_id
    return [
        (described["ReportName"], _legacy_report(described, account_id))
        for described in calls.items(client, "describe_report_definitions", "ReportDefinitions")
    ]


def _legacy_report(described: Mapping[str, Any], account_id: str) -> Export | str:
    name = described["ReportName"]
    if "RESOURCES" not in described.get("AdditionalSchemaElements", []):
        return (
            f"Legacy report {name} does not name resources, so it cannot say which table cost what: it was "
            "left out; create one that includes resource ids (RESOURCES), or better a CUR 2.0 export."
        )
    files: FileKind = "parquet" if described.get("Format") == "Parquet" else "csv"
    return Export(
        payer_account_id=account_id,
        name=name,
        folder=_folder(described.get("S3Prefix", ""), name),
        files=files,
        format="legacy_parquet" if files == "parquet" else "legacy_csv",
        bucket=described["S3Bucket"],
        region=described.get("S3Region"),
        granularity=described.get("TimeUnit"),
        has_resources=True,
        is_legacy=True,
    )


def _folder(prefix: str, name: str) -> str:
    return f"{prefix.strip('/')}/{name}/".lstrip("/")


def in_store(
    store: Store, prefix: str, bucket: str | None, owner: Callable[[str], str | None]
) -> tuple[list[Export], list[Problem]]:
    """Find the exports under a prefix by their folders and newest manifests.

    Args:
        bucket: its name; None for a folder of this machine.
        owner: returns the account of an export whose manifest does not tell it, given the key of one of its
            files; None if that cannot be told either.

    Raises:
        LoadError: the store cannot be read, or there is no export that can be.
    """
    exports: list[Export] = []
    problems: list[Problem] = []
    place = store.place(prefix.strip("/"))
    try:
        for found in layouts.exports_below(store, prefix):
            export = _described(store, found, bucket, owner)
            if isinstance(export, Export):
                exports.append(export)
            else:
                problems.append(Problem(None, None, store.place(found.folder), export, "export"))
    except AWS_ERRORS as error:
        raise as_load_error(error, place) from error
    except UnusableDelivery as error:
        raise LoadError(str(error)) from error
    if not exports:
        raise LoadError(
            problems[0].message
            if problems
            else f"No manifest of a billing export lies in {place}: check its name; the folder of the whole "
            "export is needed, with its manifests."
        )
    return exports, problems


def _described(
    store: Store, found: layouts.Found, bucket: str | None, owner: Callable[[str], str | None]
) -> Export | str:
    """Describe an export by the newest of its manifests that is one, or say why none is."""
    name = found.folder.rstrip("/").rpartition("/")[-1]
    draft = Export("", name, found.folder, "parquet", "cur2_parquet", is_legacy=found.is_legacy)
    hindrance = f"No manifest lies in {store.place(found.folder)}: wait for AWS's first delivery."
    for delivery in layouts.deliveries(store, draft, date.max, _MONTHS_LOOKED_AT):
        entry = delivery.manifest
        if entry is None:
            continue
        try:
            manifest = manifests.read(store, entry)
            keys = manifests.located(manifest, entry.key)
            account_id = manifest.account_id or (owner(keys[0]) if keys else None)
        except UnusableDelivery as error:
            hindrance = f"Billing export {name} could not be read: {error}"
            continue
        except AWS_ERRORS as error:
            if kind_of(error) == "credentials":
                raise
            return sentence(error, store.place(entry.key))
        if account_id is None:
            return f"Nothing in {store.place(entry.key)} or its files names the account that pays."
        return Export(
            payer_account_id=account_id,
            name=manifest.name,
            folder=found.folder,
            files=manifest.files,
            format=manifest.format,
            bucket=bucket,
            granularity=manifest.granularity,
            # FOCUS always names resources.
            has_resources=manifest.format.startswith("focus") or manifest.has_resources,
            is_legacy=found.is_legacy,
        )
    return hindrance
