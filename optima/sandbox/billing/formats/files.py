"""Tables as the bytes of a file: Parquet, or CSV in gzip or zip."""

from __future__ import annotations

import gzip
import zipfile
from io import BytesIO
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

Compression = Literal["GZIP", "ZIP"]
SUFFIXES = {"GZIP": ".csv.gz", "ZIP": ".csv.zip"}


def parquet(table: pa.Table) -> bytes:
    """Without the Arrow schema beside it, as AWS's writer leaves it: readers see plain strings."""
    body = BytesIO()
    pq.write_table(table, body, compression="snappy", store_schema=False)
    return body.getvalue()


def csv(table: pa.Table, compression: Compression, *, unit: Literal["s", "ms"], name: str) -> bytes:
    """Instants to the second or to the millisecond, nulls empty. `name` is that inside a zip."""
    plain = pa.table({label: _plain(column, unit) for label, column in _columns(table)})
    body = BytesIO()
    pacsv.write_csv(plain, body)
    if compression == "GZIP":
        # Without a time of writing in the file: equal bills are equal bytes.
        return gzip.compress(body.getvalue(), compresslevel=3, mtime=0)
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), body.getvalue(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _columns(table: pa.Table) -> list[tuple[str, pa.Array]]:
    combined = table.combine_chunks()
    return [(name, combined.column(name).combine_chunks()) for name in table.column_names]


def _plain(column: pa.Array, unit: str) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        return column.cast(pa.string())
    if pa.types.is_timestamp(column.type):
        distinct = column.cast(pa.timestamp(unit)).dictionary_encode()
        texts = pc.strftime(distinct.dictionary, format="%Y-%m-%dT%H:%M:%SZ")
        return texts.take(distinct.indices)
    # Nothing is known of any line.
    return pa.nulls(len(column), pa.string()) if pa.types.is_map(column.type) else column
