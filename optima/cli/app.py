"""The commands by name, and the options that stand before them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optima.cli import (
    analyses,
    decide,
    demo,
    diagnostics,
    documentation,
    explain,
    gui,
    loads,
    recommendations,
    run,
    sandbox,
    version,
)
from optima.cli.bill import commitments, costs, reconcile
from optima.cli.commands import Globals

app = typer.Typer(
    name="dynamodb-optima",
    help="Find which DynamoDB tables cost more than they must, by how much, and what to change.",
    epilog="Start without an AWS account: dynamodb-optima demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def before_every_command(
    context: typer.Context,
    project_root: Annotated[
        Path | None,
        typer.Option(
            envvar="OPTIMA_PROJECT_ROOT",
            file_okay=False,
            help="Workspace with this organisation's data, log and .env. Default: the current folder.",
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show stack traces, and log everything.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
) -> None:
    """Keep the options that hold for every command."""
    context.obj = Globals(project_root, debug, verbose)


for room in (
    *(loads, analyses, recommendations, explain, decide, costs, reconcile, commitments),
    *(run, demo, gui, diagnostics, documentation, version),
):
    room.register(app)
app.add_typer(sandbox.app, name="sandbox")
