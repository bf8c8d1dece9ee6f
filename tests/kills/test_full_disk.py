"""A disk that is full ends a command in one sentence; what was stored is kept, and it can be repeated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from kill_comparison import differences

if TYPE_CHECKING:
    from conftest import Gone


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
