"""Finding exports, and the months that were delivered of them, by the names of their folders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from loaders.billing import manifests
from loaders.billing.exports import Delivery, Export
from loaders.billing.stores import Entry, Store
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


def deliveries(store: Store, export: Export) -> list[Delivery]:
    """Return the months of which anything was delivered, newest first.

    Raises:
        ClientError, BotoCoreError, UnusableDelivery: a folder cannot be listed.
    """
    periods = _of_report(store, export.folder) if export.is_legacy else _of_export(store, export.folder)
    months: dict[date, str | None] = {}
    for period, folder in periods:
        months[period] = months.get(period) or folder
    return [Delivery(export, period, months[period]) for period in sorted(months, reverse=True)]


def _of_export(store: Store, folder: str) -> Iterator[tuple[date, str | None]]:
    for partition in store.listing(f"{folder}metadata/").folders:
        if match := _PARTITION.search(partition):
            yield date(int(match[1]), int(match[2]), 1), partition
    for partition in store.listing(f"{folder}data/").folders:
        if match := _PARTITION.search(partition):
            yield date(int(match[1]), int(match[2]), 1), None


def _of_report(store: Store, folder: str) -> Iterator[tuple[date, str | None]]:
    others = []
    for below in store.listing(folder).folders:
        if match := _PERIOD.search(below):
            yield date(int(match[1]), int(match[2]), 1), below
        else:
            others.append(below)
    # In Parquet the data lie in partitions apart from the manifests.
    for below in others:
        for year in store.listing(below).folders:
            if of_year := _YEAR.search(year):
                for month in store.listing(year).folders:
                    if of_month := _MONTH.search(month):
                        yield date(int(of_year[1]), int(of_month[1]), 1), None


def manifest_in(store: Store, folder: str) -> Entry | None:
    """Return the manifest that lies directly in a month's folder: the newest, which rules.

    An export that is created anew each time leaves a further copy of each one folder down.

    Raises:
        ClientError, BotoCoreError, UnusableDelivery: the folder cannot be listed.
    """
    found = [entry for entry in store.listing(folder).files if manifests.NAME.match(entry.key)]
    return max(found, key=lambda entry: entry.modified_at, default=None)
