"""The command explain: the arithmetic of every recommendation of one table, line by line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer

from optima import decisions, published
from optima.cli import explanation, listing
from optima.cli.commands import command
from optima.cli.session import Session
from optima.cli.terminal import answers
from optima.explained import table as explained
from optima.explained.table import Explained


class Format(StrEnum):
    """How the arithmetic is written."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "explain", panel="Look")(explain)


def explain(
    session: Session,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="Name of the table.")],
    region: Annotated[
        str | None,
        typer.Option(metavar="REGION", help="Its region, where several have such a table."),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(metavar="ACCOUNT", help="Its account, by id or name, where several have such a table."),
    ] = None,
    style: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.TEXT,
) -> None:
    """Show how every figure about a table is computed: each plan's lines, prices and guards."""
    build = published.current(session.workspace)
    with published.open_build(build) as connection:
        found = explained.explain(
            connection,
            build,
            table,
            region=region,
            account=account,
            decided=decisions.standing(session.workspace.decisions, session.now()).statuses,
        )
    if style is Format.JSON:
        typer.echo(as_json(found), nl=False)
    else:
        explanation.show(found, answers())


def as_json(found: Explained) -> str:
    """Write what was found as one object: rows as in the marts, money as numbers, instants in UTC."""
    return listing.as_json(asdict(found) | {"outcome": found.sentence})


def command_for(row: Mapping[str, Any]) -> str:
    """Return the command that explains the table of a recommendation."""
    words = ["explain", row["table_name"], "--region", row["region"], "--account", row["account_id"]]
    return shlex.join(words)
