"""The exact cases of the definition of money: each is asserted, and recorded for the table of `--cases`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import pytest

RECORD = "exact case"

Record = tuple[int, str, str, str]


class ExactCase:
    """Assert that a case of that number comes out as it was worked out by hand, to the last digit."""

    def __init__(self, record: Callable[[str, object], None]) -> None:
        self._record = record

    def __call__(self, number: int, what: str, *, expected: object, computed: object) -> None:
        """Record both values, then compare them."""
        self._record(RECORD, (number, what, _text(expected), _text(computed)))
        assert computed == expected


def case_table(reports: Iterable[pytest.TestReport]) -> list[str]:
    """Lay out what the tests recorded, in order of number: one line a value."""
    records = sorted(
        {tuple(value) for report in reports for name, value in report.user_properties if name == RECORD}
    )
    rows = [("case", "what", "expected", "computed"), *((str(n), *rest) for n, *rest in records)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return [lines[0], "-|-".join("-" * width for width in widths), *lines[1:]]


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, float):
        return f"{value:g}" if value < 1e6 else f"{value:.0f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(each) for each in value)
    return str(value)
