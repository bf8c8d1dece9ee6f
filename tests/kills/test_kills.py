"""Whatever is killed at whatever instant, and repeated, ends in the tables of a run that was left alone.

A few kills of every command; `make kills` does hundreds.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from kill_journey import Journey, first_day
from killing import Tally, command_server


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def test_killed_commands_end_in_the_same_tables(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    say(f"seed {seed}")
    tally = Tally()
    with command_server() as server:
        journey = Journey(server, tmp_path)
        journey.go(first_day(load=3, run=2, is_warm=True), random.Random(seed), tally, say)
    assert tally.kills >= 10, "\n".join(tally.lines())
    assert min(tally.commands[step] for step in ("discover", "collect", "run")) >= 1
