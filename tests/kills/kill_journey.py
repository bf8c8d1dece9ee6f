"""The way that is killed: two workspaces, an organisation on localhost, and the commands of two days."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import boto3
from killing import DECISIONS, Commands, Killer, Step, Tally, undisturbed

from optima.sandbox import Sandbox, SandboxConfig, running
from optima.workspace import Workspace

FIRST = SandboxConfig(end=datetime(2026, 11, 1), accounts=2, tables=10, days=2)
SECOND = replace(FIRST, end=datetime(2026, 11, 2), founded=FIRST.end)
SETTINGS = {"CAPACITY_ANALYSIS_DAYS": "2", "AWS_EC2_METADATA_DISABLED": "true"}


@dataclass(frozen=True)
class Day:
    """An organisation at one instant, and the commands run on it.

    `is_warm`: the killed workspace begins with what dbt and numba had compiled for the other one, which saves
    most of the time of a build.
    """

    organisation: SandboxConfig
    steps: tuple[Step, ...]
    is_warm: bool = False


def first_day(*, load: int, run: int, is_warm: bool = False) -> Day:
    """Load everything by its own command, killed `load` times each, then build and publish by `run`."""
    as_of = ("--as-of", f"{FIRST.clock:%Y-%m-%d}")
    loads = (
        ("discover", "--use-org"),
        ("collect", "--days", "2"),
        ("collect-pricing",),
        ("collect-cur",),
    )
    return Day(
        FIRST,
        (
            *(Step((*command, *as_of), load) for command in loads),
            Step(("run", "--use-org", *as_of), run),
        ),
        is_warm,
    )


def second_day(*, kills: int) -> Day:
    """A day later, everything is loaded again, built on top of what is there, and published."""
    return Day(SECOND, (Step(("run", "--use-org", "--force", "--as-of", f"{SECOND.clock:%Y-%m-%d}"), kills),))


def _have_bill_written(sandbox: Sandbox) -> None:
    """The sandbox writes its export when it is first asked for, which no other run then waits for."""
    given = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=sandbox.url, **given).list_buckets()


class Journey:
    """Two workspaces that go the same way, one of them killed again and again."""

    def __init__(self, server: subprocess.Popen[bytes], folder: Path) -> None:
        self._folder = folder
        self.calm = Commands(server, Workspace.at(folder / "calm"))
        self.killed = Commands(server, Workspace.at(folder / "killed"))

    @contextmanager
    def go(
        self, day: Day, random_: random.Random, tally: Tally, say: Callable[[str], None]
    ) -> Iterator[None]:
        """Go a day's way in both workspaces; its organisation answers for as long as the block runs."""
        with running(day.organisation) as sandbox:
            for commands in (self.calm, self.killed):
                commands.environment = {**sandbox.environment(), **SETTINGS}
                commands.workspace.create()
                commands.workspace.decisions.write_text(DECISIONS)
            _have_bill_written(sandbox)
            calm = undisturbed(self.calm, day.steps)
            for step in day.steps:
                ended = calm[step.arguments]
                say(f"{step.name}: {ended.seconds:.1f} s undisturbed, in {len(ended.intervals())} phases")
            if day.is_warm:
                self._warm()
            killer = Killer(self.killed, self.calm.workspace, random_, tally, say)
            for step in day.steps:
                killer.go(step, calm[step.arguments])
            yield

    def _warm(self) -> None:
        calm, killed = self.calm.workspace, self.killed.workspace
        for source, target in ((calm.compiled, killed.compiled), (calm.dbt_target, killed.dbt_target)):
            shutil.copytree(source, target, dirs_exist_ok=True)
