"""The marts about the bill as the commands read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optima.bill import NO_BILL, written
from optima.cli.listing import Row
from optima.errors import OptimaError

if TYPE_CHECKING:
    import duckdb


def month(text: str) -> date:
    """Read a month, `2026-10`, as its first day."""
    try:
        return datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no month: write 2026-10.") from None


Month = Annotated[
    date | None,
    typer.Option("--month", parser=month, metavar="YYYY-MM", help="Month of the bill. Default: the newest."),
]


def choose(wanted: date | None, months: Sequence[date], newest: date | None = None) -> date:
    """Return the month that is asked for, else the newest.

    Args:
        wanted: The month that was given, if one was.
        months: Those there are.
        newest: What counts as the newest, where that is not the last of them.

    Raises:
        OptimaError: There is no such month, or none at all.
    """
    if not months:
        raise OptimaError(NO_BILL)
    if wanted is None:
        return newest or max(months)
    if wanted not in months:
        known = ", ".join(map(written, sorted(months)))
        raise OptimaError(
            f"The bill of {written(wanted)} is not known, only that of {known}: "
            "`dynamodb-optima collect-cur --months` reads more."
        )
    return wanted


def rows(
    connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] | Mapping[str, Any] = ()
) -> list[Row]:
    """Return what a query finds, as rows by column."""
    found = connection.execute(query, values)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
