"""One way through the product for all tests here: in one workspace left alone, in another one killed."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from kill_journey import Journey, first_day
from killing import Tally, command_server


@dataclass(frozen=True)
class Gone:
    """A way that has been gone, while its organisation still answers."""

    journey: Journey
    tally: Tally


@pytest.fixture(scope="session")
def gone(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gone]:
    request.getfixturevalue("dbt_project")
    seed = random.SystemRandom().randrange(10**6)
    sys.stdout.write(f"seed {seed}\n")
    tally = Tally()
    with command_server() as server:
        journey = Journey(server, tmp_path_factory.mktemp("kills"))
        day = first_day(load=1, run=1, is_warm=True)
        with journey.go(day, random.Random(seed), tally, lambda line: sys.stdout.write(f"{line}\n")):
            yield Gone(journey, tally)
