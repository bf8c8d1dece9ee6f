"""The terminal: answers go to standard output, progress and remarks to standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

# Tables that are piped somewhere are not cut at the 80 columns that are assumed of an unknown terminal.
_PIPED_WIDTH = 200


def answers() -> Console:
    """Return the console for what was asked for."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPED_WIDTH)


def errors() -> Console:
    """Return the console for everything else."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


class Bar:
    """A progress bar in the shape that loaders and dbt runs report to. Does nothing where nobody watches."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def total(self, units: int) -> None:
        """Say how many units of work there are."""
        self._progress.update(self._task, total=units)

    def advance(self, units: int = 1, note: str = "") -> None:
        """Count units as done; the note is shown beside the bar."""
        self._progress.update(self._task, advance=units, note=note)


@contextmanager
def bar(description: str) -> Iterator[Bar]:
    """Show a progress bar while the block runs, on a terminal; it vanishes when the block ends."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    console = errors()
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[note]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress:
        yield Bar(progress, progress.add_task(description, total=None, note=""))
