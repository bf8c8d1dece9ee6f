"""What every command has in common: its options, its session, and how its errors end."""

from __future__ import annotations

import functools
import inspect
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from optima.cli.session import Session
from optima.cli.terminal import errors
from optima.errors import AmbiguousError, OptimaError
from optima.workspace import find_root

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Globals:
    """The options that stand before the command."""

    project_root: Path | None = None
    debug: bool = False
    verbose: bool = False


def instant(text: str) -> datetime:
    """Read a date or an instant as UTC; one with an offset is converted. Returns it without a zone."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no instant: write 2026-11-01 or 2026-11-01T06:00:00 (UTC)."
        ) from None
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        parser=instant,
        metavar="INSTANT",
        help="UTC instant that stands for now, to repeat a past run. Default: the clock.",
        rich_help_panel="Common options",
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.", rich_help_panel="Common options")]

_COMMON = {"as_of": (AsOf, None), "verbose": (Verbose, False)}


def command(
    app: typer.Typer, name: str, *, panel: str | None = None, epilog: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function whose first parameter is the session, with the options that all commands share.

    An error that a user can mend ends the command with its one sentence and exit code 1, or 2 where a name
    that was given fits several things. The `epilog` stands below its help.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        session, *own = inspect.signature(function, eval_str=True).parameters.values()

        @functools.wraps(function)
        def run(context: typer.Context, *, as_of: datetime | None, verbose: bool, **options: Any) -> None:
            given = context.obj
            root = find_root(given.project_root)
            with sentences(given.debug, root):
                opened = Session(name, root, as_of, verbose or given.verbose, given.debug)
                opened.start_log()
                function(opened, **options)

        common = [
            inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
            for option, (kind, default) in _COMMON.items()
        ]
        keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        context = inspect.Parameter("context", session.kind, annotation=typer.Context)
        run.__signature__ = inspect.Signature([context, *keyword_only, *common])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in (context, *keyword_only, *common)}
        app.command(name, rich_help_panel=panel, epilog=epilog)(run)
        return function

    return register


@contextmanager
def sentences(debug: bool, root: Path) -> Iterator[None]:
    """End in one sentence on an error, and with its stack trace besides when debugging."""
    try:
        yield
    except (typer.Exit, typer.Abort, typer.TyperException):
        raise
    except KeyboardInterrupt:
        errors().print("Stopped. What was loaded until now is kept; the same command goes on from there.")
        raise typer.Exit(130) from None
    except Exception as error:
        if debug:
            raise
        _log.exception("the command failed")
        errors().print(f"[bold red]Error:[/] {_sentence(error, root)}", soft_wrap=True)
        raise typer.Exit(2 if isinstance(error, AmbiguousError) else 1) from None


def _sentence(error: Exception, root: Path) -> str:
    from rich.markup import escape

    from loaders.errors import LoadError, disk_refusal

    if isinstance(error, (OptimaError, LoadError)):
        return escape(str(error))
    refusal = disk_refusal(error, f"the workspace {root}")
    if refusal is not None:
        return escape(refusal)
    what = re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__
    return escape(f"Unexpected: {type(error).__name__}: {what} (run again with --debug for the stack trace).")
