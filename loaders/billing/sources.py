"""Where a load looks for exports: those that an account defines, a bucket, or a folder of this machine."""

from __future__ import annotations

from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Protocol

from loaders.aws import Access, Sessions
from loaders.aws.paging import Calls
from loaders.billing import discovery, layouts, loose
from loaders.billing.exports import Delivery, Export, Month, UnusableDelivery
from loaders.billing.stores import Bucket, Folder, Store
from loaders.errors import LoadError
from loaders.report import Problem


class Source(Protocol):
    """Where exports are found and read.

    Attributes:
        caller_account_id: whose credentials are used; None without any.
        is_defined: the exports are described by their definitions, and not only by what lies in their place.
        loose_month: the only month of a folder without a manifest.
    """

    caller_account_id: str | None
    is_defined: bool
    loose_month: Month | None

    @property
    def calls(self) -> Calls:
        """All calls made so far."""

    def exports(self, scratch: Path) -> tuple[list[Export], list[Problem]]:
        """Find exports, with what is in the way of using others; `scratch` is for files.

        Raises:
            LoadError: there is none that can be read.
        """

    def deliveries(self, export: Export, until: date, newest: int) -> list[Delivery]:
        """Return an export's newest months; as `layouts.deliveries`."""

    def store(self, export: Export) -> Store:
        """Return where an export's files lie."""


def source_of(access: Access, bucket: str | None, prefix: str | None, path: str | None) -> Source:
    """Return where to look, by a load's arguments.

    Raises:
        LoadError: there are no credentials for it.
    """
    if path is not None:
        return _OfFolder(Path(path))
    return _OfAws(Sessions(access), bucket, prefix or "")


class _OfAws:
    def __init__(self, sessions: Sessions, bucket: str | None, prefix: str) -> None:
        self._sessions = sessions
        self._bucket = bucket
        self._prefix = prefix
        self._asked = Calls()
        self._stores: dict[tuple[str, str | None], Bucket] = {}
        self.caller_account_id: str | None = sessions.caller.account_id
        self.is_defined = bucket is None
        self.loose_month: Month | None = None

    @property
    def calls(self) -> Calls:
        total = Calls()
        for each in (self._asked, *(store.calls for store in self._stores.values())):
            total.made += each.made
            total.bytes += each.bytes
        return total

    def exports(self, scratch: Path) -> tuple[list[Export], list[Problem]]:  # noqa: ARG002
        if self._bucket is None:
            return discovery.discover(self._sessions, self._asked)
        store = self._store(self._bucket, None)
        # Who reads a bucket of another account's reports is not told by them; the lines name their payer.
        return discovery.in_store(store, self._prefix, self._bucket, lambda _: self.caller_account_id)

    def deliveries(self, export: Export, until: date, newest: int) -> list[Delivery]:
        return layouts.deliveries(self.store(export), export, until, newest)

    def store(self, export: Export) -> Store:
        assert export.bucket is not None
        return self._store(export.bucket, export.region)

    def _store(self, bucket: str, region: str | None) -> Bucket:
        if (bucket, region) not in self._stores:
            self._stores[bucket, region] = Bucket(self._sessions.client("s3", region=region), bucket)
        return self._stores[bucket, region]


class _OfFolder:
    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            what = "is not a folder" if path.exists() else "does not exist"
            raise LoadError(f"{path} {what}: name the folder that the exports were copied to.")
        self._folder = Folder(path)
        self.caller_account_id: str | None = None
        self.is_defined = False
        self.loose_month: Month | None = None

    @property
    def calls(self) -> Calls:
        return self._folder.calls

    def exports(self, scratch: Path) -> tuple[list[Export], list[Problem]]:
        try:
            if not layouts.exports_below(self._folder, ""):
                self.loose_month = loose.month_in(self._folder, scratch)
        except UnusableDelivery as error:
            raise LoadError(str(error)) from error
        if self.loose_month is not None:
            return [self.loose_month.delivery.export], []
        return discovery.in_store(
            self._folder, "", None, cache(partial(loose.payer_of, self._folder, scratch))
        )

    def deliveries(self, export: Export, until: date, newest: int) -> list[Delivery]:
        if self.loose_month is not None:
            delivery = self.loose_month.delivery
            return [delivery] if delivery.period <= until else []
        return layouts.deliveries(self._folder, export, until, newest)

    def store(self, export: Export) -> Store:  # noqa: ARG002
        return self._folder
