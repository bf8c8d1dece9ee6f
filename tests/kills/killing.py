"""Killing commands at random instants, and repeating them until they complete."""

from __future__ import annotations

import itertools
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kill_comparison import differences, files_of_minutes

from optima import published
from optima.errors import NothingPublishedError
from optima.workspace import Workspace

_HERE = Path(__file__).parent
_PROJECT = _HERE.parents[1]
# A reader looks at `current` this often while a command runs.
_GLANCE_SECONDS = 0.02
# A signal takes about as long as this to arrive.
_SHORT_SECONDS = 0.05
# What a child may take before the test gives up.
_PATIENCE_SECONDS = 600.0

DECISIONS = "".join(
    json.dumps(
        {"recommendation_id": f"none-{number}", "status": "accepted", "decided_at": "2026-10-30T00:00:00"}
    )
    + "\n"
    for number in range(3)
)


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, or None where it was killed; when it entered which phase."""

    code: int | None
    seconds: float
    phases: list[tuple[float, str]]
    output: str

    @property
    def phase(self) -> str:
        """The phase that it ended in."""
        return self.phases[-1][1] if self.phases else "starting"

    def intervals(self) -> dict[str, list[tuple[float, float]]]:
        """Return when it was in each phase: (from, seconds)."""
        found: dict[str, list[tuple[float, float]]] = {}
        ends = [*(begin for begin, _ in self.phases[1:]), self.seconds]
        for (begin, phase), end in zip(self.phases, ends, strict=True):
            found.setdefault(phase, []).append((begin, end - begin))
        return found


@dataclass(frozen=True)
class Instant:
    """When to kill: seconds after a phase was entered for the nth time; without a phase, after the start."""

    seconds: float
    phase: str | None = None
    nth: int = 1

    @property
    def is_step(self) -> bool:
        """Whether it is the very step at which the phase is entered: the command then kills itself."""
        return self.phase is not None and self.seconds == 0


def draw(random_: random.Random, undisturbed: Ended) -> Instant:
    """Draw an instant: half of the whole run, half of one of its phases, so that short ones get theirs.

    A phase that is too short to be hit from outside is killed as it is entered: what was done by then is what
    could have been done at any of its instants, or at the end of the phase before.
    """
    if random_.random() < 0.5:
        return Instant(random_.uniform(0, undisturbed.seconds))
    intervals = undisturbed.intervals()
    phase = random_.choice(sorted(intervals))
    nth = random_.randrange(len(intervals[phase]))
    seconds = intervals[phase][nth][1]
    return Instant(random_.uniform(0, seconds) if seconds > _SHORT_SECONDS else 0.0, phase, nth + 1)


class Commands:
    """Runs commands in a workspace, each in a child of a process that has imported everything."""

    def __init__(self, server: subprocess.Popen[bytes], workspace: Workspace) -> None:
        self._server = server
        self.workspace = workspace
        self.environment: Mapping[str, str] = {}
        self._runs = 0
        self.glances = 0

    def run(
        self, arguments: Sequence[str], kill: Instant | None = None, *, largest_file: int | None = None
    ) -> Ended:
        """Run a command to its end, or kill it at an instant; meanwhile look at what is published.

        `largest_file` is how many bytes the operating system lets it write to any one file, as if the disk
        were full behind them.
        """
        self._runs += 1
        scratch = self.workspace.root / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        trace, output = scratch / f"{self._runs}.trace", scratch / f"{self._runs}.out"
        temporary = self.workspace.root / "temporary"
        temporary.mkdir(exist_ok=True)
        order = {
            "arguments": ["--project-root", str(self.workspace.root), *arguments],
            "environment": {**self.environment, "TMPDIR": str(temporary)},
            "trace": str(trace),
            "largest_file": largest_file,
            "last_step": [kill.phase, kill.nth] if kill is not None and kill.is_step else [],
            "output": str(output),
        }
        began = time.monotonic()
        self._tell(order)
        pid = self._answer(_PATIENCE_SECONDS)
        assert pid is not None
        status = self._wait(pid, trace, kill, began)
        seconds = time.monotonic() - began
        code = None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        text = output.read_text() if output.exists() else ""
        self.look()
        return Ended(code, seconds, _phases(trace), text)

    def look(self) -> None:
        """Open what `current` names, if there is anything; whatever happens, it is whole with its minutes."""
        self.glances += 1
        try:
            build = published.current(self.workspace)
        except NothingPublishedError:
            return
        with published.open_build(build) as connection:
            assert connection.execute("select count(*) from publication").fetchone() == (1,)
        for file in files_of_minutes(self.workspace, build).values():
            assert file.exists(), f"{build.path.name} has lost {file}"

    def _wait(self, pid: int, trace: Path, kill: Instant | None, began: float) -> int:
        due = None
        while True:
            if kill is not None and not kill.is_step and due is None:
                entered = _entered(trace, kill)
                due = None if entered is None else began + entered + kill.seconds
            now = time.monotonic()
            assert now - began < _PATIENCE_SECONDS, "the command hangs"
            left = _GLANCE_SECONDS if due is None else min(_GLANCE_SECONDS, max(0.0, due - now))
            status = self._answer(left)
            if status is not None:
                return status
            if due is not None and time.monotonic() >= due:
                os.kill(pid, signal.SIGKILL)
                status = self._answer(_PATIENCE_SECONDS)
                assert status is not None
                return status
            if due is None or due - now > 0.1:
                self.look()

    def _tell(self, order: Mapping[str, object]) -> None:
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(order).encode() + b"\n")
        self._server.stdin.flush()

    def _answer(self, seconds: float) -> int | None:
        assert self._server.stdout is not None
        if not select.select([self._server.stdout], [], [], seconds)[0]:
            return None
        line = self._server.stdout.readline()
        assert line, "the server of commands has ended"
        return int(line)


def _phases(trace: Path) -> list[tuple[float, str]]:
    if not trace.exists():
        return []
    lines = (line.split(" ", 1) for line in trace.read_text().splitlines())
    return [(float(seconds), phase) for seconds, phase in lines]


def _entered(trace: Path, instant: Instant) -> float | None:
    """Return the seconds after the start at which the instant's phase was entered, None if not yet."""
    if instant.phase is None:
        return 0.0
    times = [seconds for seconds, phase in _phases(trace) if phase == instant.phase]
    return times[instant.nth - 1] if len(times) >= instant.nth else None


@contextmanager
def command_server() -> Iterator[subprocess.Popen[bytes]]:
    """Start the process that forks commands."""
    path = os.pathsep.join([str(_PROJECT), str(_HERE)])
    with subprocess.Popen(
        [sys.executable, str(_HERE / "kill_server.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        cwd=_PROJECT,
        env={**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"},
    ) as server:
        assert server.stdout is not None
        server.stdout.readline()
        try:
            yield server
        finally:
            assert server.stdin is not None
            server.stdin.close()


@dataclass
class Tally:
    """What was killed where, and what came too late to be killed."""

    phases: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    too_late: int = 0

    @property
    def kills(self) -> int:
        """How many commands were killed."""
        return sum(self.phases.values())

    def lines(self) -> list[str]:
        """Return the kills by command and by phase, as text."""
        parts = []
        for title, counts in (("by command", self.commands), ("by phase", self.phases)):
            parts.append(f"{title}:")
            parts.extend(f"  {name:<20} {count:>4}" for name, count in counts.most_common())
        return [f"{self.kills} kills, {self.too_late} came too late", *parts]


@dataclass(frozen=True)
class Step:
    """A command of the way from nothing to published marts, and how often it is killed on its way."""

    arguments: tuple[str, ...]
    kills: int
    in_a_row: int = 6

    @property
    def name(self) -> str:
        """The command."""
        return self.arguments[0]

    @property
    def can_resume(self) -> bool:
        """Whether it has --resume."""
        return self.name != "run"


def undisturbed(commands: Commands, steps: Sequence[Step]) -> dict[tuple[str, ...], Ended]:
    """Run each step once, and return how each ended."""
    ended = {}
    for step in steps:
        ended[step.arguments] = commands.run(step.arguments)
        assert ended[step.arguments].code in (0, 3), ended[step.arguments].output
    return ended


@dataclass
class Killer:
    """Kills the commands of a workspace, and holds what they leave to what another workspace has."""

    commands: Commands
    calm: Workspace
    random: random.Random
    tally: Tally
    say: Callable[[str], None]

    def go(self, step: Step, expected: Ended) -> None:
        """Kill a step as often as it says, in rows of several kills, each of which ends with its completion.

        After a row, everything is compared, and the next row begins where the first one did.
        """
        workspace = self.commands.workspace
        before = workspace.root / "before"
        shutil.copytree(workspace.data, before)
        landed = 0
        for row in itertools.count(1):
            in_a_row, ended = self._row(step, expected, min(step.in_a_row, step.kills - landed))
            landed += in_a_row
            assert ended.code == expected.code, ended.output
            found = list(differences(self.calm, workspace, step.name))
            assert not found, "\n".join(found)
            if landed >= step.kills or row == 2 * step.kills:
                break
            shutil.rmtree(workspace.data)
            shutil.copytree(before, workspace.data)
        shutil.rmtree(before)

    def _row(self, step: Step, expected: Ended, kills: int) -> tuple[int, Ended]:
        """Kill and repeat, with --resume or plainly as it falls; return the kills and how it completed."""
        resume: list[str] = []
        for landed in range(kills):
            ended = self.commands.run([*step.arguments, *resume], draw(self.random, expected))
            if ended.code is not None:
                self.tally.too_late += 1
                return landed, ended
            self.tally.phases[ended.phase] += 1
            self.tally.commands[step.name] += 1
            self.say(f"{step.name} killed after {ended.seconds:.2f} s: {ended.phase}")
            assert self.commands.workspace.decisions.read_text() == DECISIONS
            resume = ["--resume"] if step.can_resume and self.random.random() < 0.5 else []
        return kills, self.commands.run([*step.arguments, *resume])
