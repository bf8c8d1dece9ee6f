"""A folder that holds just the data files of one month, without a manifest.

Nothing says then which files belong together, so it is read only where they themselves leave no doubt: they
lie in one folder, are named as the parts of one delivery, and begin with lines of one payer and month.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path

from loaders.billing import columns, data_files
from loaders.billing.exports import Delivery, Entry, Export, Month, UnusableDelivery
from loaders.billing.formats import Format
from loaders.billing.stores import Folder
from loaders.errors import LoadError

_FILE = re.compile(
    r"^(?P<stem>.+?)(?:[-_](?P<number>\d{1,5}))?(?P<ending>(?:\.snappy)?\.parquet|\.csv(?:\.gz|\.zip)?)$",
    re.IGNORECASE,
)


def month_in(store: Folder, scratch: Path) -> Month | None:
    """Return the month whose data files lie directly in a folder; None if there are no data files.

    Raises:
        LoadError: there are, but it is not certain what they are.
    """
    entries = [entry for entry in store.listing("").files if _FILE.match(entry.key)]
    if not entries:
        return None
    try:
        told, payer, period = _heads(store, entries, scratch)
    except UnusableDelivery as error:
        raise LoadError(_sentence(store, str(error))) from error
    export = Export(
        payer_account_id=payer,
        name=_stem(store, entries),
        folder="",
        files="parquet" if entries[0].key.lower().endswith(".parquet") else "csv",
        format=told,
    )
    listed = "\n".join(f"{entry.key} {entry.size} {entry.modified_at}" for entry in entries)
    version = hashlib.sha256(listed.encode()).hexdigest()
    files = tuple(entry.key for entry in entries)
    return Month(Delivery(export, period, None), version, files, told, is_loose=True)


def _stem(store: Folder, entries: list[Entry]) -> str:
    """Return what the names of the files have in common.

    Raises:
        LoadError: they are not the parts 1 to N of one delivery.
    """
    matches = [match for entry in entries if (match := _FILE.match(entry.key))]
    if len(matches) == 1:
        return matches[0]["stem"]
    numbers = sorted(int(match["number"] or -1) for match in matches)
    names = {(match["stem"], match["ending"].lower()) for match in matches}
    if (
        len(names) > 1
        or numbers != list(range(numbers[0], numbers[0] + len(numbers)))
        or numbers[0] not in (0, 1)
    ):
        raise LoadError(
            _sentence(
                store,
                "its files are not named as the parts 1, 2, 3 … of one delivery, so some may tell the same.",
            )
        )
    return matches[0]["stem"]


def payer_of(store: Folder, scratch: Path, key: str) -> str | None:
    """Return the account that pays by the first line of a file; None if it has no line.

    Raises:
        UnusableDelivery: the file does not tell.
    """
    head = _head(store, key, scratch)
    return head[1] if head else None


def _heads(store: Folder, entries: list[Entry], scratch: Path) -> tuple[Format, str, date]:
    """Return what files have in common by their first lines: format, payer and month.

    Raises:
        UnusableDelivery: they differ, or do not say.
    """
    found = {head for entry in entries if (head := _head(store, entry.key, scratch))}
    if len(found) != 1:
        raise UnusableDelivery(
            "its files are of several payers, months or formats." if found else "its files have no lines."
        )
    return found.pop()


def _head(store: Folder, key: str, scratch: Path) -> tuple[Format, str, date] | None:
    """Return format, payer and month of a file by its first line; None if it has none."""
    place = store.place(key)
    with store.fetched(key, scratch) as path:
        file = data_files.opened(path, place)
    told = data_files.format_of(file, place)
    named = {columns.canonical(name): name for name in file.names}
    asked = [columns.of(told).sources["line_payer_account_id"][0], columns.of(told).period]
    absent = [columns.spelt(name, told) for name in asked if name not in named]
    if absent:
        raise UnusableDelivery(f"{place} has no column {', '.join(absent)}.")
    line = file.first_line([named[name] for name in asked])
    if line is None:
        return None
    payer, start = (line[named[name]] for name in asked)
    if not isinstance(payer, str) or not re.match(r"\d{4}-\d{2}-\d{2}", str(start)):
        raise UnusableDelivery(f"{place} does not say which account paid for which month.")
    return told, payer, date.fromisoformat(str(start)[:10]).replace(day=1)


def _sentence(store: Folder, reason: str) -> str:
    return (
        f"{store.path} has no manifest and cannot be read safely without: {reason.rstrip('.')}; copy the "
        "whole export with `aws s3 sync`."
    )
