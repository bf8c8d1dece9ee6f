"""The command version."""

from __future__ import annotations

import platform
from importlib.metadata import version as installed_version

import typer

from optima.cli.commands import command
from optima.cli.session import Session

# What a report of a problem should name.
PACKAGES = ("dbt-core", "dbt-duckdb", "dlt", "duckdb", "streamlit", "boto3")


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "version", panel="Look")(version)


def version(session: Session) -> None:
    """Show the version; with --verbose also those of what it is built on."""
    typer.echo(f"dynamodb-optima {installed_version('dynamodb-optima')}")
    if session.verbose:
        typer.echo(f"python {platform.python_version()} on {platform.platform()}")
        for package in PACKAGES:
            typer.echo(f"{package} {installed_version(package)}")
