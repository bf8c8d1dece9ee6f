"""Whatever is killed at whatever instant, and repeated, ends in the tables of a run that was left alone.

A few kills of every command; `make kills` does hundreds. The comparison is made after every row of kills.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from killing import Ended, draw

if TYPE_CHECKING:
    from conftest import Gone


def test_killed_commands_end_in_the_same_tables(gone: Gone) -> None:
    """A kill may come too late on a machine that is slower at times, but not most of the nine."""
    assert gone.tally.kills >= 5, "\n".join(gone.tally.lines())


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
