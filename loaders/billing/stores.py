"""Where exports lie: a bucket, or a folder of this machine that holds the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from loaders.aws.failures import kind_of
from loaders.aws.paging import Calls
from loaders.billing.exports import Entry, UnusableDelivery

# How often a manifest is read whose body is cut short.
_ATTEMPTS = 6


@dataclass(frozen=True)
class Listing:
    """What lies directly in a folder: the keys of folders, each with its slash, and the objects."""

    folders: tuple[str, ...]
    files: tuple[Entry, ...]


class Store(Protocol):
    """Objects by their keys, and folders, which are keys that end with a slash (the topmost is empty)."""

    calls: Calls

    def listing(self, folder: str) -> Listing:
        """List a folder; one that is not there is empty."""

    def below(self, folder: str) -> list[Entry]:
        """Return all objects below a folder, however deep."""

    def content(self, key: str) -> bytes:
        """Return an object that is small."""

    def fetched(self, key: str, into: Path) -> Any:
        """Have an object as a file while the block runs, if need be in the folder `into`.

        Raises:
            UnusableDelivery: there is no such object.
        """

    def place(self, key: str) -> str:
        """Return where an object lies, as a person would write it."""


class Bucket:
    """A bucket of S3, or what lies under a prefix of it. Its methods raise ClientError and BotoCoreError."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self.name = bucket
        self.calls = Calls()

    def listing(self, folder: str) -> Listing:
        """List a folder, in as many calls as it has thousands of entries."""
        pages = self.calls.pages(
            self._client, "list_objects_v2", Bucket=self.name, Prefix=folder, Delimiter="/"
        )
        folders = [found["Prefix"] for page in pages for found in page.get("CommonPrefixes", [])]
        return Listing(tuple(folders), tuple(_entries(pages)))

    def below(self, folder: str) -> list[Entry]:
        """Return all objects below a folder, in as many calls as there are thousands."""
        pages = self.calls.pages(self._client, "list_objects_v2", Bucket=self.name, Prefix=folder)
        return _entries(pages)

    def content(self, key: str) -> bytes:
        """Return an object that is small."""

        def body() -> bytes:
            content: bytes = self.calls.one(self._client.get_object, Bucket=self.name, Key=key)["Body"].read()
            return content

        # botocore repeats calls, but not the reading of a body that was cut short.
        return Retrying(
            retry=retry_if_exception_type((HTTPClientError, IncompleteReadError)),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(0.1, 2),
            reraise=True,
        )(body)

    @contextmanager
    def fetched(self, key: str, into: Path) -> Iterator[Path]:
        """Download an object; it is deleted afterwards.

        Raises:
            UnusableDelivery: there is no such object.
        """
        path = into / "part"
        try:
            self._client.download_file(Bucket=self.name, Key=key, Filename=str(path))
        except ClientError as error:
            if kind_of(error) == "gone":
                raise _not_there(self.place(key)) from error
            raise
        self.calls.made += 1
        self.calls.bytes += path.stat().st_size
        try:
            yield path
        finally:
            path.unlink()

    def place(self, key: str) -> str:
        """Return an object's URL."""
        return f"s3://{self.name}/{key}"


class Folder:
    """A folder of this machine into which exports were copied. Its files are read where they are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.calls = Calls()  # none are made

    def listing(self, folder: str) -> Listing:
        """List a folder.

        Raises:
            UnusableDelivery: it may not be listed.
        """
        path = self.path / folder
        try:
            found = sorted(path.iterdir()) if path.is_dir() else []
            files = [
                Entry(
                    folder + entry.name,
                    datetime.fromtimestamp(stat.st_mtime, UTC).replace(tzinfo=None),
                    stat.st_size,
                )
                for entry in found
                if entry.is_file() and not entry.name.startswith(".")
                for stat in [entry.stat()]
            ]
            folders = [
                f"{folder}{entry.name}/"
                for entry in found
                if entry.is_dir() and not entry.name.startswith(".")
            ]
        except OSError as error:
            raise UnusableDelivery(f"{path} cannot be listed: {error.strerror}.") from error
        return Listing(tuple(folders), tuple(files))

    def below(self, folder: str) -> list[Entry]:
        """Return all files below a folder.

        Raises:
            UnusableDelivery: a folder may not be listed.
        """
        listing = self.listing(folder)
        return [*listing.files, *(entry for each in listing.folders for entry in self.below(each))]

    def content(self, key: str) -> bytes:
        """Return an object that is small.

        Raises:
            UnusableDelivery: it cannot be read.
        """
        try:
            return (self.path / key).read_bytes()
        except OSError as error:
            raise UnusableDelivery(f"{self.place(key)} cannot be read: {error.strerror}.") from error

    @contextmanager
    def fetched(self, key: str, into: Path) -> Iterator[Path]:  # noqa: ARG002
        """Yield an object's own path.

        Raises:
            UnusableDelivery: there is no such file in the folder.
        """
        path = self.path / key
        if ".." in Path(key).parts or not path.is_file():
            raise _not_there(self.place(key))
        yield path

    def place(self, key: str) -> str:
        """Return an object's path."""
        return str(self.path / key)


def _entries(pages: Iterable[Any]) -> list[Entry]:
    return [
        Entry(found["Key"], found["LastModified"].astimezone(UTC).replace(tzinfo=None), found["Size"])
        for page in pages
        for found in page.get("Contents", [])
        if not found["Key"].endswith("/")
    ]


def _not_there(place: str) -> UnusableDelivery:
    return UnusableDelivery(
        f"its manifest names {place}, which is not there: it may be half written, so try again in an hour."
    )
