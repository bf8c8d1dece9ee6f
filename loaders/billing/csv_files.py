"""Reading CSV: decompressed and parsed as a stream, with every column as text and nothing guessed.

A line that has more or fewer values than the header is an error, and lines are counted: a reader that guesses
how a file is written loses lines without a word.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from zlib import error as ZlibError  # noqa: N812 (it is a class)

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from loaders.billing.exports import UnusableDelivery
from loaders.billing.formats import FileKind

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
# What is parsed at a time, in bytes: some thousand lines.
_BLOCK = 4 << 20
# Headers of legacy reports have hundreds of tags.
_HEADER_AT_MOST = 8 << 20
_RAGGED = re.compile(r"Expected (\d+) columns, got (\d+)")
_UNREADABLE = (pa.ArrowException, OSError, EOFError, ZlibError, zipfile.BadZipFile, csv.Error, UnicodeError)


class CsvFile:
    """A data file in CSV, as it is or in gzip or zip."""

    files: ClassVar[FileKind] = "csv"

    def __init__(self, path: Path, place: str, magic: bytes) -> None:
        """Read the header.

        Args:
            magic: the file's first bytes.

        Raises:
            UnusableDelivery: it is damaged, or no CSV.
        """
        self._path = path
        self._place = place
        self._magic = magic
        self.names: Sequence[str] = self._header()

    def parts(
        self, tested: Sequence[str], wanted: Sequence[str], choose: Callable[[pa.RecordBatch], pa.Array]
    ) -> Iterator[pa.Table]:
        """Yield the chosen lines of each block; see `DataFile`."""
        read = list(dict.fromkeys((*tested, *wanted)))
        first = 0
        try:
            with self._stream() as stream:
                counted = _Counted(stream)
                for batch in pa_csv.open_csv(
                    pa.PythonFile(counted, mode="r"),
                    read_options=pa_csv.ReadOptions(block_size=_BLOCK),
                    parse_options=pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
                    convert_options=pa_csv.ConvertOptions(
                        include_columns=read,
                        column_types=dict.fromkeys(read, pa.string()),
                        strings_can_be_null=True,
                        null_values=[""],
                    ),
                ):
                    kept = pc.indices_nonzero(choose(batch))
                    if len(kept):
                        yield self._taken(batch, wanted, kept, first)
                    first += batch.num_rows
        except _UNREADABLE as error:
            raise self._damaged(error) from error
        if counted.lines != first + 1:
            self._count_again(first)

    def first_line(self, wanted: Sequence[str]) -> dict[str, object] | None:
        """Return some columns of the first line; None if there is no line."""
        try:
            with self._stream() as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
                line = next(csv.DictReader(text, strict=True), None)
        except _UNREADABLE as error:
            raise self._damaged(error) from error
        return {name: line[name] or None for name in wanted} if line else None

    def _header(self) -> list[str]:
        try:
            with self._stream() as stream:
                header = _up_to_line_end(stream).decode("utf-8-sig")
                return next(csv.reader([header], strict=True), [])
        except _UNREADABLE as error:
            raise self._damaged(error) from error

    def _taken(self, batch: pa.RecordBatch, wanted: Sequence[str], kept: pa.Array, first: int) -> pa.Table:
        taken = {name: batch.column(name).take(kept) for name in wanted}
        taken["row_number"] = pc.add(kept.cast(pa.int64()), first)
        return pa.table(taken)

    def _count_again(self, parsed: int) -> None:
        """Count the lines with another reader, for a file that has more line ends than lines.

        Values with line breaks in them are rare and legitimate; a quote that nobody closed looks the same,
        and swallows lines.

        Raises:
            UnusableDelivery: the two do not agree, or a value holds what looks like whole lines.
        """
        columns, count = len(self.names), 0
        try:
            with self._stream() as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
                for values in csv.reader(text, strict=True):
                    count += 1
                    broken = [value for value in values if "\n" in value]
                    if any(value.count(",") >= columns - 1 for value in broken):
                        raise csv.Error
        except csv.Error as error:
            message = f"{self._place} is damaged: a quote after line {count:,} is not closed."
            raise UnusableDelivery(message) from error
        except _UNREADABLE as error:
            raise self._damaged(error) from error
        if count != parsed + 1:
            raise UnusableDelivery(
                f"{self._place} is damaged: it has {count - 1:,} lines, of which {parsed:,} could be read."
            )

    @contextmanager
    def _stream(self) -> Iterator[Any]:
        """Open the file's text as a stream of bytes."""
        if self._magic[:2] == _GZIP:
            with pa.input_stream(str(self._path), compression="gzip", buffer_size=_BLOCK) as stream:
                yield stream
        elif self._magic == _ZIP:
            with zipfile.ZipFile(self._path) as archive:
                members = [member for member in archive.namelist() if member.lower().endswith(".csv")]
                if len(members) != 1:
                    raise UnusableDelivery(f"{self._place} must hold one CSV file, it holds {len(members)}.")
                with archive.open(members[0]) as stream:
                    yield stream
        else:
            with self._path.open("rb") as stream:
                yield stream

    def _damaged(self, error: Exception) -> UnusableDelivery:
        """Say what is wrong with the file, and nothing of what it says."""
        ragged = _RAGGED.search(str(error))
        if ragged:
            return UnusableDelivery(
                f"{self._place} is damaged: one of its lines has {ragged[2]} values, its header {ragged[1]}."
            )
        kind = "zip" if self._magic == _ZIP else "gzip" if self._magic[:2] == _GZIP else "CSV"
        return UnusableDelivery(f"{self._place} is damaged, it cannot be read as {kind}: {_reason(error)}.")


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError) or "UTF8" in str(error):
        return "it is not text in UTF-8"
    said = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    return said.split(": ")[0] if isinstance(error, pa.ArrowException) else said


def _up_to_line_end(stream: Any) -> bytes:
    """Return the first line. A line end in quotes would end it too; no column's name has one."""
    found = b""
    while b"\n" not in found and len(found) < _HEADER_AT_MOST:
        more = stream.read(1 << 16)
        if not more:
            break
        found += more
    return found.split(b"\n", 1)[0].rstrip(b"\r")


class _Counted(io.RawIOBase):
    """A stream that counts the lines of what goes through it, the last with or without its end."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream
        self._line_ends = 0
        self._last = b"\n"

    @property
    def lines(self) -> int:
        return self._line_ends + (self._last != b"\n")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found: bytes = self._stream.read(size)
        if found:
            self._line_ends += found.count(b"\n")
            self._last = found[-1:]
        return found
