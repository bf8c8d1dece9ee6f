"""A disk that is full ends a command in one sentence; what was stored is kept, and it can be repeated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from kill_comparison import differences

if TYPE_CHECKING:
    from conftest import Gone

# Bytes that any one file may have: none of the databases fits, or none of what is written about it.
SIZES = (1 << 20, 0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "command", [("discover", "--use-org"), ("collect-pricing", "--force-refresh"), ("run", "--use-org")]
)
def test_a_full_disk_ends_in_a_sentence_and_loses_nothing(
    gone: Gone, command: tuple[str, ...], size: int
) -> None:
    ended = gone.journey.killed.run([*command, "--as-of", "2026-11-01"], largest_file=size)
    assert ended.code == 1, ended.output
    said = [line for line in ended.output.splitlines() if line.startswith("Error: ")]
    assert len(said) == 1, ended.output
    assert re.search(r"The disk of the (warehouse|workspace) \S+ is full: make room", said[0]), ended.output
    assert "Traceback" not in ended.output


def test_after_that_there_is_nothing_to_mend(gone: Gone) -> None:
    loaded = gone.journey.killed
    for command in (("discover", "--use-org"), ("run", "--use-org")):
        ended = loaded.run([*command, "--as-of", "2026-11-01"])
        assert ended.code in (0, 3), ended.output
    assert not list(differences(gone.journey.calm.workspace, loaded.workspace, "run"))
