"""The lines of one data file, of whichever format: those that are about DynamoDB, in the raw columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from loaders.billing import columns, formats
from loaders.billing.columns import PRODUCT, PRODUCT_CODE, Columns
from loaders.billing.csv_files import CsvFile
from loaders.billing.exports import UnusableDelivery
from loaders.billing.formats import FileKind, Format
from loaders.billing.parquet_files import ParquetFile
from loaders.schemas import CUR_DATA

# A plan's own fees come under the plan's product code. What it covered of other services does not concern us.
_OF_OTHER_SERVICES = ["SavingsPlanCoveredUsage", "SavingsPlanNegation"]
_SAVINGS_PLAN = ":savingsplan/"
_TESTED = (
    "product_code",
    "line_item_type",
    "savings_plan_arn",
    "charge_category",
    "commitment_discount_id",
    "commitment_discount_status",
)
# Lines that are put together before they are cast and handed on: a part of a file has few of DynamoDB.
_ROWS_TOGETHER = 20_000

Choice = Callable[[pa.RecordBatch], pa.Array]


class DataFile(Protocol):
    """A file as its format's module reads it."""

    names: Sequence[str]
    files: ClassVar[FileKind]

    def parts(self, tested: Sequence[str], wanted: Sequence[str], choose: Choice) -> Iterator[pa.Table]:
        """Yield the chosen lines of each part of the file, of which only one is held in memory.

        Args:
            tested: names of the columns that `choose` looks at.
            wanted: names of the columns that are yielded, beside `row_number`, the line's place in the file
                from 0.
            choose: tells of a batch of lines which are kept.

        Raises:
            UnusableDelivery: the file is damaged.
        """

    def first_line(self, wanted: Sequence[str]) -> Mapping[str, object] | None:
        """Return some columns of the first line; None if there is no line.

        Raises:
            UnusableDelivery: the file is damaged.
        """


@dataclass(frozen=True)
class Read:
    """What of a file is read, and what is known of it before.

    Attributes:
        told: the format by the export's definition or manifest.
        period: the billing month that all its lines must be of; None where the manifest answers for that.
    """

    place: str
    told: Format
    constants: Mapping[str, object]
    period: date | None = None


def opened(path: Path, place: str) -> DataFile:
    """Open a file by what it begins with: its name may say anything.

    Raises:
        UnusableDelivery: it is damaged.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise UnusableDelivery(f"{place} cannot be read: {error.strerror}.") from error
    if magic == b"PAR1" or (not magic and ".parquet" in place):
        return ParquetFile(path, place)
    return CsvFile(path, place, magic)


def format_of(file: DataFile, place: str, told: Format | None = None) -> Format:
    """Return a file's format: its columns tell it, but for what only its export knows.

    Raises:
        UnusableDelivery: it is no bill.
    """
    is_legacy = told.startswith("legacy") if told else None
    found = formats.of_columns(file.names, file.files, is_legacy=is_legacy)
    if found is None:
        raise UnusableDelivery(f"{place} has none of the columns of a billing export: it is another file.")
    of_focus = told is not None and told.startswith("focus") and found.startswith("focus")
    return told if told is not None and of_focus else found


def lines(path: Path, read: Read) -> Iterator[pa.Table]:
    """Yield the lines of a file that are about DynamoDB, in the columns of `raw_billing.cur_data`.

    Raises:
        UnusableDelivery: the file is damaged, or a column is not what it must be.
    """
    file = opened(path, read.place)
    told = format_of(file, read.place, read.told)
    columns_told = columns.of(told)
    named = _by_canonical_name(file, read.place)
    columns.check_required(columns_told, named, told, read.place)
    raw = _Raw(columns_told, told, named, read)
    waiting: list[pa.Table] = []
    rows = 0
    for part in file.parts(raw.tested, raw.wanted, raw.choose):
        waiting.append(part)
        rows += part.num_rows
        if rows >= _ROWS_TOGETHER:
            yield raw.table(pa.concat_tables(waiting))
            waiting, rows = [], 0
    if waiting:
        yield raw.table(pa.concat_tables(waiting))


def _by_canonical_name(file: DataFile, place: str) -> dict[str, str]:
    """Return the names in the file by what the columns are called here.

    Raises:
        UnusableDelivery: a column that is read is there twice.
    """
    read = {
        source for each in (columns.CUR, columns.FOCUS) for names in each.sources.values() for source in names
    }
    named: dict[str, str] = {}
    for name in file.names:
        known = columns.canonical(name)
        if known in read and known in named:
            raise UnusableDelivery(f"{place} has the column {name} twice.")
        named[known] = name
    return named


class _Raw:
    """Lines of one file in the raw table's columns."""

    def __init__(self, columns_told: Columns, told: Format, named: Mapping[str, str], read: Read) -> None:
        self._columns = columns_told
        self._told = told
        self._named = named
        self._read = read
        present = [
            source for sources in columns_told.sources.values() for source in sources if source in named
        ]
        if "product_region_code" in named:
            present = [source for source in present if source != PRODUCT]
        if read.period is not None and columns_told.period in named:
            present.append(columns_told.period)
        self._present = set(present)
        self.wanted = [named[source] for source in dict.fromkeys(present)]
        self.tested = [
            named[source]
            for test in _TESTED
            for source in columns_told.sources.get(test, ())
            if source in named
        ]

    def choose(self, batch: pa.RecordBatch) -> pa.Array:
        """Tell which lines are about DynamoDB, or of a savings plan as such."""
        product = self._test(batch, "product_code", lambda values: pc.equal(values, PRODUCT_CODE))
        if self._columns is columns.FOCUS:
            bears_plan = self._test(
                batch, "commitment_discount_id", lambda values: pc.match_substring(values, _SAVINGS_PLAN)
            )
            is_usage = self._test(batch, "charge_category", lambda values: pc.equal(values, "Usage"))
            is_unused = self._test(
                batch, "commitment_discount_status", lambda values: pc.equal(values, "Unused")
            )
            of_plan = pc.and_(bears_plan, pc.or_(pc.invert(is_usage), is_unused))
        else:
            bears_plan = self._test(
                batch, "savings_plan_arn", lambda values: pc.greater(pc.binary_length(values), 0)
            )
            elsewhere = self._test(
                batch,
                "line_item_type",
                lambda values: pc.is_in(values, value_set=pa.array(_OF_OTHER_SERVICES, values.type)),
            )
            of_plan = pc.and_(bears_plan, pc.invert(elsewhere))
        return pc.or_(product, of_plan)

    def _test(self, batch: pa.RecordBatch, raw: str, test: Callable[[pa.Array], pa.Array]) -> pa.Array:
        """Test a column, once for each of its distinct values where these are known; null is no."""
        [source] = self._columns.sources[raw]
        if source not in self._named:
            return pa.repeat(pa.scalar(value=False), batch.num_rows)
        values = batch.column(self._named[source])
        if pa.types.is_null(values.type):
            return pa.repeat(pa.scalar(value=False), batch.num_rows)
        if pa.types.is_dictionary(values.type):
            found = test(values.dictionary).take(values.indices)
        elif pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            found = test(values)
        else:
            raise columns.retyped(columns.spelt(source, self._told), self._read.place, values.type)
        return pc.fill_null(found, False)

    def table(self, part: pa.Table) -> pa.Table:
        """Rename and cast lines.

        Raises:
            UnusableDelivery: a column is not what it must be, or a line is of another month.
        """
        found = {source: part[self._named[source]] for source in self._present}
        self._check_period(found.get(self._columns.period))
        raw = []
        for field in CUR_DATA.schema:
            constants = self._read.constants
            if field.name in constants:
                raw.append(pa.repeat(pa.scalar(constants[field.name], field.type), part.num_rows))
            elif field.name == "row_number":
                raw.append(part["row_number"])
            elif field.name == "format":
                raw.append(pa.repeat(pa.scalar(self._told), part.num_rows))
            else:
                raw.append(self._column(field, found, part.num_rows))
        return pa.table(raw, schema=CUR_DATA.schema)

    def _column(
        self, field: pa.Field, found: Mapping[str, pa.ChunkedArray], count: int
    ) -> pa.ChunkedArray | pa.Array:
        candidates = []
        for source in self._columns.sources.get(field.name, ()):
            if source not in found:
                continue
            if source == PRODUCT:
                candidates.append(columns.region_of(found[source]))
            else:
                name = columns.spelt(source, self._told)
                candidates.append(columns.as_type(found[source], field.type, name, self._read.place))
        if not candidates:
            return pa.nulls(count, field.type)
        return candidates[0] if len(candidates) == 1 else pc.coalesce(*candidates)

    def _check_period(self, starts: pa.ChunkedArray | None) -> None:
        period = self._read.period
        if period is None or starts is None:
            return
        place = self._read.place
        found = columns.as_type(starts, pa.timestamp("us"), self._columns.period, place)
        months = sorted(pc.unique(pc.strftime(found, format="%Y-%m").fill_null("no month")).to_pylist())
        if months != [f"{period:%Y-%m}"]:
            raise UnusableDelivery(
                f"{place} holds lines of {' and '.join(map(str, months))}: without a manifest only the files "
                "of one month can be read."
            )
