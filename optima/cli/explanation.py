"""How the explanation of one table is laid out on a terminal, and as plain text where it is piped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from optima.explained import lines
from optima.explained.lines import Grid, Section
from optima.explained.table import Explained

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

# Where nobody's screen is the limit, no line of arithmetic is broken.
_PIPED_WIDTH = 1000
# The headings of columns that hold words.
_WORDS = ("", "Setting", "Arithmetic", "setting now", "advised", "arithmetic")


def show(found: Explained, console: Console) -> None:
    """Print the whole explanation: the table, every plan, every other recommendation, the outcome."""
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    with console.capture() as captured:
        for part in (_header(found), _plans(found), _sections(lines.advice(found)), _outcome(found)):
            for each in part:
                console.print(each, soft_wrap=not _is_table(each))
    text = captured.get()
    console.file.write("".join(f"{line.rstrip()}\n" for line in text.splitlines()))


def _header(found: Explained) -> Iterator[RenderableType]:
    yield _bold(found.table["table_name"], f" · {lines.place(found)}")
    yield _text(lines.settings(found.table))
    for line in lines.basis(found):
        yield _text(line)


def _plans(found: Explained) -> Iterator[RenderableType]:
    if not found.plans:
        yield _text("\nNo plan of it could be priced.")
    yield from _sections(lines.plans(found))


def _sections(sections: Iterable[Section]) -> Iterator[RenderableType]:
    for section in sections:
        yield _bold(f"\n{section.title}", f"  {section.mark}")
        for part in section.parts:
            yield _table(part) if isinstance(part, Grid) else _text(f"  {part}")


def _outcome(found: Explained) -> Iterator[RenderableType]:
    yield _bold(f"\n{found.sentence}")
    if found.best["advice"] == "change":
        yield _text(found.best["reason"])


def _table(grid: Grid) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in grid.headings:
        table.add_column(heading, justify="left" if heading in _WORDS else "right", overflow="fold")
    for first, *others in grid.rows:
        table.add_row(*(_text(cell) for cell in (f"  {first}", *others)))
    if grid.total:
        first, *others = grid.total
        table.add_row(*(_bold(cell) for cell in (f"  {first}", *others)))
    return table


def _is_table(each: RenderableType) -> bool:
    from rich.table import Table

    return isinstance(each, Table)


def _text(words: str) -> Text:
    from rich.text import Text

    return Text(words)


def _bold(words: str, rest: str = "") -> Text:
    from rich.text import Text

    return Text.assemble((words, "bold"), rest)
