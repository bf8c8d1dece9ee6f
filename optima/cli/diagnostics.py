"""Commands that look at the workspace itself: status, health."""

from __future__ import annotations

import typer

from optima.cli import health as checks
from optima.cli import status as overview
from optima.cli.commands import command
from optima.cli.session import Session
from optima.cli.terminal import answers


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    command(app, "status", panel="Look")(status)
    command(app, "health", panel="Look")(health)


def status(session: Session) -> None:
    """Show what was loaded, what is known of it, and what was published."""
    console = answers()
    for line in overview.lines(session):
        console.print(line, markup=False, soft_wrap=True)


def health(session: Session) -> None:
    """Check credentials, workspace, warehouse and published marts; exit code 1 if something is wrong."""
    console = answers()
    results = checks.run(session)
    for result in results:
        mark = "[green]✓[/]" if result.ok else "[red]✗[/]"
        console.print(f"{mark} {result.name}: ", end="")
        console.print(result.finding, markup=False, soft_wrap=True)
    if not all(result.ok for result in results):
        raise typer.Exit(1)
