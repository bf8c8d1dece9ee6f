"""What a billing export is, and what its months consist of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from loaders.billing.formats import FileKind, Format


@dataclass(frozen=True)
class Entry:
    """An object: its key, when it was written (naive UTC) and its size in bytes."""

    key: str
    modified_at: datetime
    size: int


class UnusableDelivery(Exception):  # noqa: N818 (it is the delivery that is wrong)
    """A month's delivery is not what AWS writes. Says so in one sentence, which names the object."""


@dataclass(frozen=True)
class Export:
    """One billing export or legacy report, and where it lies.

    Attributes:
        folder: the key under which everything of it lies, with its slash; empty for the folder read itself.
        bucket: None for a folder of this machine.
        files: Parquet or CSV.
        format: as its definition or its newest manifest tells; in the end its files do.
        has_resources: None where only its files will tell.
    """

    payer_account_id: str
    name: str
    folder: str
    files: FileKind
    format: Format
    bucket: str | None = None
    region: str | None = None
    granularity: str | None = None
    has_resources: bool | None = None
    is_legacy: bool = False

    @property
    def prefix(self) -> str:
        """What comes before the export's name in its keys, without slashes at its ends."""
        return self.folder.strip("/").removesuffix(self.name).strip("/")


@dataclass(frozen=True)
class Delivery:
    """One month of an export that has been delivered, at least in part; its manifest is not read yet.

    `manifest` is the newest, None if there are data only.
    """

    export: Export
    period: date
    manifest: Entry | None

    @property
    def name(self) -> str:
        """The unit as the ledger calls it."""
        return f"{self.export.payer_account_id}/{self.export.name}/{self.period:%Y-%m}"


@dataclass(frozen=True)
class Month:
    """One month of an export: the keys of its files, and what changes with every delivery of it."""

    delivery: Delivery
    version: str
    files: tuple[str, ...]
    format: Format
    is_loose: bool = False  # its files lay in a folder without a manifest
