"""Whatever is killed at whatever instant, or finds the disk full, and is repeated, ends in the same tables.

A few kills of every command; `make kills` does hundreds. The comparison is made after every row of kills. One
file, since the way that is gone takes a minute and is gone once for each file.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest
from kill_comparison import differences
from killing import Ended, draw

if TYPE_CHECKING:
    from conftest import Gone


def test_killed_commands_end_in_the_same_tables(gone: Gone) -> None:
    """A kill may come too late on a machine that is slower at times, but not most of the five."""
    assert gone.tally.kills >= 3, "\n".join(gone.tally.lines())


def test_instants_lie_in_the_run_and_in_every_phase() -> None:
    phases = [(0.0, "starting"), (1.0, "fetching"), (9.0, "inside dlt"), (9.5, "fetching"), (9.99, "ledger")]
    run = Ended(0, 10.0, phases, "")
    drawn = [draw(random.Random(seed), run) for seed in range(300)]
    assert all(0 <= instant.seconds <= 10 for instant in drawn)
    assert {(instant.phase, instant.nth) for instant in drawn} == {
        (None, 1),
        ("starting", 1),
        ("fetching", 1),
        ("fetching", 2),
        ("inside dlt", 1),
        ("ledger", 1),
    }
    assert {instant.is_step for instant in drawn if instant.phase == "ledger"} == {True}
    assert not any(instant.is_step for instant in drawn if instant.phase != "ledger")
    assert all(instant.seconds <= 0.5 for instant in drawn if instant.phase == "inside dlt")


@pytest.mark.parametrize(
    ("command", "size", "phase"),
    [
        # The bytes of any one file beyond which there is no room: for the warehouse's log of changes, or for
        # what dlt or dbt write. Less would not hold what the command says.
        (("discover", "--use-org"), 16 << 10, "fetching"),
        (("collect-pricing", "--force-refresh"), 32 << 10, "fetching"),
        (("run", "--use-org"), 1 << 20, "dbt"),
    ],
)
def test_a_full_disk_ends_in_a_sentence(gone: Gone, command: tuple[str, ...], size: int, phase: str) -> None:
    ended = gone.journey.killed.run([*command, "--as-of", "2026-11-01"], largest_file=size)
    assert ended.code == 1, ended.output
    said = [line for line in ended.output.splitlines() if line.startswith("Error: ")]
    assert len(said) == 1, ended.output
    assert re.search(r"The disk of the warehouse( \S+)? is full: make room", said[0]), ended.output
    assert "Traceback" not in ended.output
    assert phase in {name for _, name in ended.phases}


def test_after_a_full_disk_loads_go_on_and_nothing_is_lost(gone: Gone) -> None:
    for command in (("discover", "--use-org"), ("collect-pricing", "--force-refresh")):
        ended = gone.journey.killed.run([*command, "--as-of", "2026-11-01"])
        assert ended.code in (0, 3), ended.output
        assert not list(differences(gone.journey.calm.workspace, gone.journey.killed.workspace, command[0]))
