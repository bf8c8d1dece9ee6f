"""How lists are written: for people, as CSV or as JSON, on the terminal or into a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optima.cli.terminal import answers, errors
from optima.errors import OptimaError

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

Row = dict[str, Any]

# Of text in a file: wide enough for a reason beside the rest.
_TEXT_WIDTH = 200


class Format(StrEnum):
    """How a list is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


Style = Annotated[Format, typer.Option("--format", help="How the list is written.")]
Output = Annotated[Path | None, typer.Option(dir_okay=False, help="File to write instead of the terminal.")]


def as_json(value: Any) -> str:
    """Write rows, or an object of lists of them: money as numbers, instants in UTC."""
    return json.dumps(plain(value), indent=2) + "\n"


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Write these columns of the rows as CSV with a header; a column that a row lacks is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: plain(value) for name, value in row.items()})
    return text.getvalue()


def as_text(parts: Iterable[RenderableType]) -> str:
    """Write tables and lines as a wide terminal shows them."""
    from rich.console import Console

    text = io.StringIO()
    console = Console(file=text, width=_TEXT_WIDTH, highlight=False)
    for part in parts:
        console.print(part, markup=False)
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def show(parts: Iterable[RenderableType]) -> None:
    """Show tables and lines on the terminal; lines are broken by the terminal alone."""
    console = answers()
    for part in parts:
        console.print(part, markup=False, soft_wrap=isinstance(part, str))


def deliver(text: str, output: Path | None, what: str) -> None:
    """Write to the terminal, or into a file and say what is in it.

    Raises:
        OptimaError: The file cannot be written.
    """
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OptimaError(f"The list could not be written to {output}: {error.strerror}.") from error
    errors().print(f"✓ Wrote {what} to {output}", soft_wrap=True)


def plain(value: Any) -> Any:
    """Return a value of the marts, or rows of them, as JSON and CSV have it."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def table(
    words: Sequence[str],
    amounts: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    keys: Sequence[str] = (),
    remarks: Sequence[str] = (),
) -> Table:
    """Lay out rows under headings: keys, which are never broken, words, amounts to the right, remarks."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    laid_out = Table(box=box.SIMPLE_HEAD)
    for heading in keys:
        laid_out.add_column(heading, no_wrap=True)
    for heading in words:
        laid_out.add_column(heading, overflow="fold")
    for heading in amounts:
        laid_out.add_column(heading, justify="right", no_wrap=True)
    for heading in remarks:
        laid_out.add_column(heading)
    for row in rows:
        laid_out.add_row(*(Text(cell) for cell in row))
    return laid_out
