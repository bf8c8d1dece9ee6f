"""The command docs: the models, their lineage and their columns as one HTML file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from optima import transform
from optima.cli.commands import command
from optima.cli.session import Session
from optima.cli.terminal import bar, errors
from optima.errors import OptimaError


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "docs", panel="Look")(docs)


def docs(
    session: Session,
    output: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="HTML file to write. Default: site/index.html of the workspace."),
    ] = None,
) -> None:
    """Write the documentation of the models, with their lineage, into one HTML file."""
    from loaders.pipeline import declare_raw_tables

    target = output or session.workspace.root / "site" / "index.html"
    with session.writing():
        declare_raw_tables(session.loading())
        project = transform.Project.find()
        argument_list = transform.arguments(
            ["docs", "generate", "--static"],
            project,
            session.workspace,
            values=transform.variables(session.settings, session.workspace, session.now()),
            debug=session.debug,
        )
        with bar("Writing the documentation") as progress:
            transform.run(argument_list, project, session.workspace, progress)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(session.workspace.dbt_target / "static_index.html", target)
        except OSError as error:
            raise OptimaError(
                f"The documentation could not be written to {target}: {error.strerror}."
            ) from error
    errors().print(f"✓ Wrote {target}", soft_wrap=True)
