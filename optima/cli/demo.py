"""The command demo: the whole product on a sandbox organisation, from nothing to recommendations."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from optima.cli import explain, operations, recommendations, run, summary
from optima.cli.commands import command
from optima.cli.options import PriceBasis
from optima.cli.outcome import Outcome
from optima.cli.sandbox import Accounts, History, Seed, TableCount, sandbox_errors
from optima.cli.session import Session
from optima.cli.terminal import answers
from optima.errors import OptimaError
from optima.selection import PLAN, Filters
from optima.workspace import Workspace

if TYPE_CHECKING:
    from optima.sandbox import SandboxConfig

# With one of these set, boto3 would go past the sandbox's credentials to the user's own.
_OTHER_CREDENTIALS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_ROLE_ARN")


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "demo")(demo)


def demo(
    session: Session,
    accounts: Accounts = 6,
    tables: TableCount = 60,
    days: History = 14,
    seed: Seed = 1,
    price_basis: PriceBasis = None,
) -> None:
    """Try everything on a sandbox organisation: no AWS account needed, nothing left running."""
    from optima.sandbox import SandboxConfig, running
    from optima.settings import defaults

    workspace = Workspace.at(session.root / "demo")
    config = SandboxConfig(accounts=accounts, tables=tables, days=days, seed=seed, end=session.as_of)
    config = replace(config, founded=founded(workspace, config))
    settings = defaults(
        use_organizations=True, capacity_analysis_days=days, price_basis=price_basis or "list"
    )
    with sandbox_errors(), running(config) as sandbox, environment(sandbox.environment()):
        inside = replace(session, root=workspace.root, given_settings=settings, as_of=sandbox.end)
        with inside.writing():
            # The account that denies access is planted, so that the demo is complete without it.
            run.load(inside, {*run.DUE_AFTER, "collect"}, Outcome("demo"), is_charged=False)
            build = operations.build(inside)
    summary.organisation(inside, build)
    plans = recommendations.select(inside, Filters(kinds=(PLAN,), statuses=()))
    recommendations.show(plans, reasons=session.verbose)
    here = f"dynamodb-optima --project-root {_short(workspace.root)}"
    console = answers()
    console.print(f"\nEvery kind of advice:    {here} list-recommendations", soft_wrap=True)
    if plans.rows:
        console.print(f"How a plan is computed:  {here} {explain.command_for(plans.rows[0])}", soft_wrap=True)
    console.print(f"Open the dashboard:      {here} gui", soft_wrap=True)


def founded(workspace: Workspace, config: SandboxConfig) -> datetime:
    """Return when the workspace's organisation was first served, so that its past stays as it was loaded.

    Raises:
        OptimaError: The workspace holds another organisation than the one asked for.
    """
    workspace.create()
    note = workspace.state / "sandbox.json"
    asked = {"accounts": config.accounts, "tables": config.tables, "seed": config.seed}
    if note.exists():
        kept = json.loads(note.read_text(encoding="utf-8"))
        first = datetime.fromisoformat(kept.pop("founded"))
        if kept == asked and first <= config.clock:
            return first
        options = " ".join(f"--{name} {value}" for name, value in kept.items())
        raise OptimaError(
            f"{workspace.root} holds the demo of another organisation ({options}, from {first:%Y-%m-%d} on): "
            "repeat that one, or name another folder with --project-root."
        )
    note.write_text(json.dumps({**asked, "founded": config.clock.isoformat()}), encoding="utf-8")
    return config.clock


@contextmanager
def environment(names: Mapping[str, str]) -> Iterator[None]:
    """Let AWS's libraries see these variables, and none that lead past them, while the block runs."""
    before = dict(os.environ)
    for name in _OTHER_CREDENTIALS:
        os.environ.pop(name, None)
    os.environ.update(names)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _short(path: Path) -> str:
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
