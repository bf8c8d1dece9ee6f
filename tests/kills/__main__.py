"""`python -m tests.kills --kills 200`: kill every load, the build and the publication at random instants.

Each kill is followed by the same command, until it completes; then all tables are compared with a run that
was left alone. Two days: the first from nothing, the second on top of it by one `run`. Takes minutes.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from kill_journey import Journey, first_day, second_day
from killing import Tally, command_server


def say(line: str) -> None:
    """Print a line at once, because the next takes a while."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Kill and compare, until something differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many kills, about (default 200)")
    parser.add_argument("--seed", type=int, default=None, help="of the instants; default: a new one")
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    say(f"seed {seed}")
    random_, tally, began = random.Random(seed), Tally(), time.monotonic()
    # Loads are quick to repeat, builds are not.
    load, run, again = (math.ceil(arguments.kills * share) for share in (0.2, 0.12, 0.08))
    with tempfile.TemporaryDirectory(prefix="kills-") as folder, command_server() as server:
        journey = Journey(server, Path(folder))
        for day in (first_day(load=load, run=run), second_day(kills=again)):
            with journey.go(day, random_, tally, say):
                pass
    for line in tally.lines():
        say(line)
    say(f"{time.monotonic() - began:.0f} s, seed {seed}: after every row of kills no table differed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
