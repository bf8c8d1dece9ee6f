"""Decisions: the last one counts, a torn line never does."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from optima import decisions
from optima.errors import OptimaError

NOW = datetime(2026, 11, 1)


def line(recommendation_id: str, status: str, **more: str) -> str:
    return json.dumps({"recommendation_id": recommendation_id, "status": status, **more})


def test_the_last_decision_counts(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    assert decisions.statuses(path, NOW) == {}
    path.write_text(f"{line('a', 'accepted')}\n{line('b', 'Rejected')}\n\n{line('a', 'implemented')}\n")
    assert decisions.statuses(path, NOW) == {"a": "implemented", "b": "rejected"}


def test_a_later_decision_counts_wherever_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    later = line("a", "accepted", decided_at="2026-10-31T10:00:00+02:00")
    earlier = line("a", "rejected", decided_at="2026-10-31T07:59:59")
    path.write_text(f"{later}\n{earlier}\n{line('a', 'implemented')}\n")
    assert decisions.statuses(path, NOW) == {"a": "accepted"}


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2026-10-31T23:59:59", "pending"),
        ("2026-11-01T00:00:00", "pending"),
        ("2026-11-01T00:00:01", "snoozed"),
    ],
)
def test_a_pause_ends(tmp_path: Path, until: str, expected: str) -> None:
    path = tmp_path / "decisions.jsonl"
    path.write_text(line("a", "snoozed", snoozed_until=until) + "\n")
    assert decisions.statuses(path, NOW) == {"a": expected}


@pytest.mark.parametrize(
    ("ending", "expected", "mended"),
    [
        ('{"recommendation_id": "b", "sta', {"a": "accepted"}, ""),
        ("12", {"a": "accepted"}, ""),
        (line("b", "rejected"), {"a": "accepted", "b": "rejected"}, line("b", "rejected") + "\n"),
    ],
)
def test_a_torn_last_line_is_cut_and_one_that_only_lacks_its_end_is_kept(
    tmp_path: Path, ending: str, expected: dict[str, str], mended: str
) -> None:
    path = tmp_path / "decisions.jsonl"
    first = line("a", "accepted") + "\n"
    path.write_text(first + ending)
    assert decisions.statuses(path, NOW) == expected
    decisions.mend(path)
    assert path.read_text() == first + mended


@pytest.mark.parametrize("wrong", ["no json", "[]", '{"status": "accepted"}', '{"recommendation_id": "a"}'])
def test_a_line_that_is_no_decision_is_named(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "decisions.jsonl"
    path.write_text(f"{line('a', 'accepted')}\n{wrong}\n")
    with pytest.raises(OptimaError, match="Line 2 of"):
        decisions.statuses(path, NOW)


def test_an_empty_file_stays_empty(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    path.touch()
    decisions.mend(path)
    assert path.read_bytes() == b""
