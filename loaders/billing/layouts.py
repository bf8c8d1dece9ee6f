"""Finding exports, and the months that were delivered of them, by the names of their folders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from loaders.billing import manifests
from loaders.billing.exports import Delivery, Entry, Export
from loaders.billing.stores import Store
from loaders.errors import LoadError

# FOCUS may write it in lower case.
_PARTITION = re.compile(r"(?:^|/)billing_period=(\d{4})-(\d{2})/$", re.IGNORECASE)
_PERIOD = re.compile(r"(?:^|/)(\d{4})(\d{2})\d{2}-\d{8}/$")
_YEAR = re.compile(r"(?:^|/)year=(\d{4})/$")
_MONTH = re.compile(r"(?:^|/)month=(\d{1,2})/$")
# A bucket of something else may hold millions of folders.
_FOLDERS_AT_MOST = 2000


@dataclass(frozen=True)
class Found:
    """A folder that looks like an export's."""

    folder: str
    is_legacy: bool


def exports_below(store: Store, prefix: str) -> list[Found]:
    """Return the exports that lie under a prefix, which may be that of one export itself.

    Raises:
        ClientError, BotoCoreError, UnusableDelivery: a folder cannot be listed.
        LoadError: there is nothing at all, or too much to look through.
    """
    start = f"{prefix.strip('/')}/".lstrip("/")
    waiting, found, listed, is_empty = [start], [], 0, True
    while waiting:
        folder = waiting.pop()
        listed += 1
        if listed > _FOLDERS_AT_MOST:
            raise LoadError(
                f"More than {_FOLDERS_AT_MOST:,} folders lie in {store.place(start)}: name the folder of the "
                "export itself."
            )
        listing = store.listing(folder)
        is_empty = is_empty and not listing.files and not listing.folders
        if f"{folder}metadata/" in listing.folders:
            found.append(Found(folder, is_legacy=False))
        elif any(_PERIOD.search(each) for each in listing.folders):
            found.append(Found(folder, is_legacy=True))
        else:
            waiting.extend(reversed(listing.folders))
    if is_empty:
        raise LoadError(
            f"{store.place(start)} is empty: check its name, or wait a day for AWS's first delivery."
        )
    return found


def deliveries(store: Store, export: Export, until: date, newest: int) -> list[Delivery]:
    """Return the newest months of which anything was delivered, the newest first.

    Args:
        until: months that begin after it are left alone.
        newest: how many at most.

    Raises:
        ClientError, BotoCoreError, UnusableDelivery: a folder cannot be listed.
    """
    of_kind = _of_report if export.is_legacy else _of_export
    found = of_kind(store, export.folder)
    periods = sorted((period for period in found if period <= until), reverse=True)[:newest]
    manifests_found = ((period, found[period]) for period in periods)
    return [
        Delivery(export, period, _manifest_in(store, each) if isinstance(each, str) else each)
        for period, each in manifests_found
    ]


def _of_export(store: Store, folder: str) -> dict[date, Entry | str | None]:
    """Return the months of an export with their manifests."""
    found: dict[date, Entry | str | None] = {
        _first(match): None
        for partition in store.listing(f"{folder}data/").folders
        if (match := _PARTITION.search(partition))
    }
    for entry in store.below(f"{folder}metadata/"):
        # One that is created anew each time leaves a further copy of each manifest one folder down.
        match = _PARTITION.search(f"{entry.key.rpartition('/')[0]}/")
        if match and manifests.NAME.match(entry.key):
            found[_first(match)] = entry
    return found


def _of_report(store: Store, folder: str) -> dict[date, Entry | str | None]:
    """Return the months of a legacy report with the folders that hold their manifests."""
    listed = store.listing(folder).folders
    # In Parquet the data lie in partitions apart from the manifests.
    found: dict[date, Entry | str | None] = {
        date(int(year[1]), int(month[1]), 1): None
        for data in listed
        if not _PERIOD.search(data)
        for of_year in store.listing(data).folders
        if (year := _YEAR.search(of_year))
        for of_month in store.listing(of_year).folders
        if (month := _MONTH.search(of_month))
    }
    return found | {_first(match): each for each in listed if (match := _PERIOD.search(each))}


def _first(match: re.Match[str]) -> date:
    return date(int(match[1]), int(match[2]), 1)


def _manifest_in(store: Store, folder: str) -> Entry | None:
    """Return the manifest that lies directly in a month's folder: those of its assemblies lie deeper."""
    found = [entry for entry in store.listing(folder).files if manifests.NAME.match(entry.key)]
    return max(found, key=lambda entry: entry.modified_at, default=None)
