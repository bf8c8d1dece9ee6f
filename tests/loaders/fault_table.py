"""The fault matrix as a table, for `--faults`."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

RECORD = "fault case"
_HEAD = ("loader", "fault", "calls hit", "outcome", "rows", "rows lost", "rows too many")


def matrix_table(reports: Iterable[pytest.TestReport]) -> list[str]:
    """Lay out what the tests recorded, one line a case."""
    records = [tuple(value) for report in reports for name, value in report.user_properties if name == RECORD]
    rows = [_HEAD, *sorted(records)]
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(_HEAD))]
    lines = [
        " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return [lines[0], "-|-".join("-" * width for width in widths), *lines[1:]]
