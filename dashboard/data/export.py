"""Rows as CSV."""

from __future__ import annotations

import io
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyarrow import csv


def as_csv(rows: pa.Table) -> bytes:
    """Write rows as CSV (UTF-8, header, ISO instants), amounts exact to the last digit that is not a zero."""
    columns = [_written(column) for column in rows.columns]
    written = io.BytesIO()
    # Arrow writes the header in quotes, whatever it is told about values.
    written.write(",".join(rows.column_names).encode() + b"\n")
    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    csv.write_csv(pa.table(columns, names=rows.column_names), written, options)
    return written.getvalue()


def _written(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    if pa.types.is_decimal(column.type) or pa.types.is_timestamp(column.type):
        return pa.array([_text(value) for value in column.to_pylist()], pa.string())
    return column


def _text(value: Any) -> str | None:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, datetime) else value
