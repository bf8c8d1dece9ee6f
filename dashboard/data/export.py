"""Rows as CSV."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa


def as_csv(rows: pa.Table) -> bytes:
    """Write rows as CSV (UTF-8, header, ISO instants), amounts exact to the last digit that is not a zero."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(rows.column_names)
    writer.writerows([_csv_value(value) for value in row.values()] for row in rows.to_pylist())
    return written.getvalue().encode()


def _csv_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, datetime) else value
