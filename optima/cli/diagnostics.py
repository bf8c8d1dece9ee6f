"""Commands that look at the workspace itself: status, health."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from optima.cli import health as checks
from optima.cli import status as overview
from optima.cli.commands import command
from optima.cli.health import shown
from optima.cli.options import Concurrency, Profile, RoleName, UseOrganization
from optima.cli.session import Session
from optima.cli.terminal import answers, bar


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    command(app, "status", panel="Look")(status)
    command(app, "health", panel="Look")(health)


def status(
    session: Session,
    style: Annotated[
        Literal["table", "json"],
        typer.Option("--format", help="For reading, the worst first, or all of it as JSON."),
    ] = "table",
) -> None:
    """Show what was loaded, what is known of whom and what is missing, and what was published."""
    found = overview.read(session)
    if style == "json":
        typer.echo(overview.as_json(found))
    else:
        overview.show(session, found)


def health(
    session: Session,
    use_org: UseOrganization = None,
    role_name: RoleName = None,
    profile: Profile = None,
    concurrency: Concurrency = None,
    output: Annotated[
        Literal["text", "json"], typer.Option("--format", help="For people, or for programs.")
    ] = "text",
) -> None:
    """Check credentials, clock, permissions, member roles, workspace and versions; changes nothing in AWS.

    Ends with exit code 1 if something that is needed is missing. With --verbose, every permission is asked
    for in every member account.
    """
    session = session.given(
        use_organizations=use_org,
        organizations_role_name=role_name,
        aws_profile=profile,
        load_concurrency=concurrency,
    )
    with bar("Checking") as progress:
        results = checks.run(session, progress)
    if output == "json":
        typer.echo(shown.as_json(results))
    else:
        console = answers()
        for mark, text in shown.lines(results, verbose=session.verbose):
            console.print(mark, end="")
            console.print(text, markup=False, soft_wrap=True)
    if any(result.outcome == "failed" for result in results):
        raise typer.Exit(1)
