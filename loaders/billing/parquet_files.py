"""Reading Parquet by row groups: first the columns that choose the lines, then the others one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from loaders.billing.exports import UnusableDelivery
from loaders.billing.formats import FileKind

# Lines that are decoded at a time: a row group of AWS may have a million.
_BATCH = 65_536


class ParquetFile:
    """A data file in Parquet."""

    files: ClassVar[FileKind] = "parquet"

    def __init__(self, path: Path, place: str) -> None:
        """Read what the file's end says of its columns.

        Raises:
            UnusableDelivery: it is damaged.
        """
        self._path = path
        self._place = place
        try:
            self.names: Sequence[str] = pq.read_schema(path).names
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from error

    def parts(
        self, tested: Sequence[str], wanted: Sequence[str], choose: Callable[[pa.RecordBatch], pa.Array]
    ) -> Iterator[pa.Table]:
        """Yield the chosen lines of each row group; see `DataFile`."""
        try:
            with pq.ParquetFile(self._path, read_dictionary=list(tested), pre_buffer=False) as file:
                first = 0
                for group in range(file.num_row_groups):
                    kept = self._chosen(file, group, tested, choose)
                    if len(kept):
                        yield self._taken(file, group, wanted, kept, first)
                    first += file.metadata.row_group(group).num_rows
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from error

    def first_line(self, wanted: Sequence[str]) -> dict[str, object] | None:
        """Return some columns of the first line; None if there is no line."""
        try:
            with pq.ParquetFile(self._path, pre_buffer=False) as file:
                batch = next(file.iter_batches(batch_size=1, columns=list(wanted)), None)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from error
        return batch.to_pylist()[0] if batch is not None and batch.num_rows else None

    def _chosen(
        self,
        file: pq.ParquetFile,
        group: int,
        tested: Sequence[str],
        choose: Callable[[pa.RecordBatch], pa.Array],
    ) -> pa.Array:
        """Return the places of the chosen lines in a row group, from 0."""
        found, first = [], 0
        for batch in file.iter_batches(_BATCH, row_groups=[group], columns=list(tested)):
            places = pc.indices_nonzero(choose(batch)).cast(pa.int64())
            found.append(pc.add(places, first))
            first += batch.num_rows
        return pa.concat_arrays(found) if found else pa.array([], pa.int64())

    def _taken(
        self, file: pq.ParquetFile, group: int, wanted: Sequence[str], kept: pa.Array, first: int
    ) -> pa.Table:
        taken = {name: self._column(file, group, name, kept) for name in wanted}
        taken["row_number"] = pa.chunked_array([pc.add(kept, first)])
        return pa.table(taken)

    def _column(self, file: pq.ParquetFile, group: int, name: str, kept: pa.Array) -> pa.ChunkedArray:
        """Return a column's values at some places, of which no more than a batch is decoded at a time."""
        places = kept.to_numpy()
        chunks, first = [], 0
        for batch in file.iter_batches(_BATCH, row_groups=[group], columns=[name]):
            begin, end = places.searchsorted([first, first + batch.num_rows])
            values = batch.column(0)
            if pa.types.is_dictionary(values.type):
                values = values.cast(values.type.value_type)
            chunks.append(values.take(pa.array(places[begin:end] - first)))
            first += batch.num_rows
        return pa.chunked_array(chunks)

    def _damaged(self, error: Exception) -> UnusableDelivery:
        said = str(error).splitlines()[0].split(". ")[0].rstrip(".")
        return UnusableDelivery(f"{self._place} is damaged, it cannot be read as Parquet ({said}).")
