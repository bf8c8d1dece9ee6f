"""How a command that loads says how it ended, for people, and by which exit code, for what runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from optima.cli.terminal import answers

if TYPE_CHECKING:
    from loaders.report import LoadReport

# Ended well, but something is missing. 1 is a failure, 2 an argument that cannot be, 130 an interruption.
PARTIAL = 3
EXIT_CODES = (
    "Ends with 0: complete; 3: complete but for what is named, the rest is loaded; 1: failed, and what was "
    "stored before is kept; 2: arguments that cannot be; 130: interrupted."
)


class Outcome:
    """What is missing of the loads that a command makes, or is."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._gaps: list[str] = []

    def add(self, report: LoadReport) -> None:
        """Count a load that has ended."""
        if report.gaps:
            of = "" if report.operation == self._command else f" ({report.operation})"
            self._gaps.append(report.gaps + of)

    def without(self, what: str) -> None:
        """Count something that could not be loaded at all, and was gone on without."""
        self._gaps.append(what)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return not self._gaps

    def __str__(self) -> str:
        return "complete" if self.is_complete else f"complete but for {', '.join(self._gaps)}"


@contextmanager
def said(command: str) -> Iterator[Outcome]:
    """Say in a last line how a command ended.

    Raises:
        typer.Exit: with code 3, if something is missing.
    """
    outcome = Outcome(command)
    try:
        yield outcome
    except Exception:
        answers().print(f"{command}: failed")
        raise
    answers().print(f"{command}: {outcome}", soft_wrap=True)
    if not outcome.is_complete:
        raise typer.Exit(PARTIAL)
