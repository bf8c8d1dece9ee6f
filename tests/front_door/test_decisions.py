"""The log of decisions: the last one counts, a torn line never does, and nothing that was written is lost."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optima import decisions
from optima.decisions import STATUSES, Decision
from optima.errors import OptimaError

NOW = datetime(2026, 11, 1)
ROW = {
    "recommendation_id": "a",
    "kind": "best_plan",
    "account_id": "012345678901",
    "region": "eu-west-1",
    "table_name": "orders",
    "index_name": None,
    "recommended_setting": '{"billing_mode":"PAY_PER_REQUEST"}',
    "monthly_savings_usd": Decimal("13.0305000000"),
    "reason": "Not a part of what is kept.",
}
# A decision on `row` in a process of its own, by `python -c TAKE path first last`.
TAKE = """
import sys
from datetime import datetime
from pathlib import Path
from optima.decisions import take

path, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
for number in range(first, last):
    rows = [{"recommendation_id": f"{number}-{part}"} for part in range(3)]
    take(path, rows, "accepted", now=datetime(2026, 11, 1), by="ana", reason="r" * (number % 7 * 100))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.jsonl"


def line(recommendation_id: str, status: str, **more: object) -> str:
    return json.dumps({"recommendation_id": recommendation_id, "status": status, **more})


def statuses(path: Path, now: datetime = NOW) -> dict[str, str]:
    return dict(decisions.standing(path, now).statuses)


def take(path: Path, *ids: str, status: str = "accepted", now: datetime = NOW) -> list[Decision]:
    rows = [{"recommendation_id": recommendation_id} for recommendation_id in ids]
    return decisions.take(path, rows, status, now=now, by="ana")


# ---- which decision counts ----


def test_the_last_decision_counts(path: Path) -> None:
    assert statuses(path) == {}
    path.write_text(f"{line('a', 'accepted')}\n{line('b', 'Rejected')}\n\n{line('a', 'implemented')}\n")
    assert statuses(path) == {"a": "implemented", "b": "rejected"}


def test_a_later_decision_counts_wherever_it_stands(path: Path) -> None:
    later = line("a", "accepted", decided_at="2026-10-31T10:00:00+02:00")
    earlier = line("a", "rejected", decided_at="2026-10-31T07:59:59Z")
    path.write_text(f"{later}\n{earlier}\n{line('a', 'implemented')}\n")
    standing = decisions.standing(path, NOW)
    assert standing.statuses == {"a": "accepted"}
    assert standing.latest["a"].decided_at == datetime(2026, 10, 31, 8)
    assert [each.status for each in standing.history] == ["implemented", "rejected", "accepted"]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2026-10-31T23:59:59", "pending"),
        ("2026-11-01T00:00:00", "pending"),
        ("2026-11-01T00:00:01", "snoozed"),
    ],
)
def test_a_pause_ends(path: Path, until: str, expected: str) -> None:
    path.write_text(line("a", "snoozed", snoozed_until=until) + "\n")
    assert statuses(path) == {"a": expected}


IDS = st.sampled_from(["a", "b", "c"])
MOMENTS = st.none() | st.integers(0, 3).map(lambda days: NOW + timedelta(days=days))
LINES = st.lists(st.tuples(IDS, st.sampled_from(STATUSES), MOMENTS), max_size=12)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(taken=LINES, known=st.integers(0, 12))
def test_of_equally_late_decisions_the_last_line_counts_however_the_file_was_read(
    tmp_path: Path, taken: list[tuple[str, str, datetime | None]], known: int
) -> None:
    path, afresh = tmp_path / "grown.jsonl", tmp_path / "afresh.jsonl"
    lines = [
        line(key, status, number=number, **({"decided_at": str(at)} if at else {})) + "\n"
        for number, (key, status, at) in enumerate(taken)
    ]
    path.write_text("".join(lines[:known]))
    decisions.standing(path, NOW)
    path.write_text("".join(lines))
    afresh.write_text("".join(lines))
    # As the definition says it, one recommendation after the other.
    expected = {}
    for key in {key for key, *_ in taken}:
        of_key = [(at or datetime.min, number) for number, (each, _, at) in enumerate(taken) if each == key]
        expected[key] = taken[max(of_key)[1]][1]
    for file in (path, afresh):
        standing = decisions.standing(file, NOW)
        assert standing.statuses == expected
        assert len(standing.history) == len(taken)
        moments = [each.decided_at or datetime.min for each in standing.history]
        assert moments == sorted(moments)
    assert decisions.standing(path, NOW).version == decisions.standing(afresh, NOW).version


# ---- what a line holds ----


def test_a_decision_is_one_line_that_can_be_read_without_a_build(path: Path) -> None:
    until = datetime(2026, 12, 1)
    [taken] = decisions.take(path, [ROW], "snoozed", now=NOW, by=" ana ", reason=" busy ", until=until)
    assert json.loads(path.read_text()) == {
        "recommendation_id": "a",
        "status": "snoozed",
        "decided_at": "2026-11-01T00:00:00Z",
        "decided_by": "ana",
        "reason": "busy",
        "snoozed_until": "2026-12-01T00:00:00Z",
        "about": {
            "kind": "best_plan",
            "account_id": "012345678901",
            "region": "eu-west-1",
            "table_name": "orders",
            "index_name": None,
            "recommended_setting": '{"billing_mode":"PAY_PER_REQUEST"}',
            "monthly_savings_usd": "13.0305000000",
        },
    }
    standing = decisions.standing(path, NOW)
    assert standing.latest == {"a": taken}
    assert standing.history == (taken,)


def test_each_recommendation_is_decided_on_once(path: Path) -> None:
    assert [each.recommendation_id for each in take(path, "a", "b", "a")] == ["a", "b"]
    assert take(path) == []
    assert len(path.read_text().splitlines()) == 2


def test_a_decision_counts_although_the_clock_was_set_back(path: Path) -> None:
    path.write_text(line("a", "accepted", decided_at="2026-11-03T00:00:00Z") + "\n")
    taken = take(path, "a", "b", status="pending")
    assert [each.decided_at for each in taken] == [datetime(2026, 11, 3), NOW]
    assert statuses(path) == {"a": "pending", "b": "pending"}


@pytest.mark.parametrize(
    ("status", "more", "sentence"),
    [
        ("rejected", {}, "Rejecting needs a reason"),
        ("rejected", {"reason": "  "}, "Rejecting needs a reason"),
        ("snoozed", {}, "Snoozing needs to know until when"),
        ("snoozed", {"until": NOW}, "Snoozing until 2026-11-01 00:00 UTC has no effect"),
        ("accepted", {"until": datetime(2026, 12, 1)}, "Only what is snoozed has an end"),
        ("maybe", {}, "There is no status 'maybe'"),
        ("accepted", {"by": " "}, "Nobody is named who decides"),
    ],
)
def test_a_decision_that_lacks_something_is_refused(
    path: Path, status: str, more: dict[str, object], sentence: str
) -> None:
    with pytest.raises(OptimaError, match=sentence):
        decisions.take(path, [ROW], status, **{"now": NOW, "by": "ana", **more})
    assert not path.exists()


def test_a_pause_may_be_as_short_as_one_likes(path: Path) -> None:
    until = NOW + timedelta(microseconds=1)
    decisions.take(path, [ROW], "snoozed", now=NOW, by="ana", until=until)
    assert statuses(path) == {"a": "snoozed"}
    assert statuses(path, until) == {"a": "pending"}


def test_who_decides_is_the_setting_else_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPTIMA_DECIDED_BY", raising=False)
    monkeypatch.setenv("LOGNAME", "ben")
    assert decisions.decider(tmp_path) == "ben"
    (tmp_path / ".env").write_text("OPTIMA_DECIDED_BY=the platform team\n")
    assert decisions.decider(tmp_path) == "the platform team"
    monkeypatch.setenv("OPTIMA_DECIDED_BY", "ana")
    assert decisions.decider(tmp_path) == "ana"


# ---- what readers rely on ----


def test_a_version_changes_with_every_status_and_with_nothing_else(path: Path) -> None:
    nobody = decisions.standing(path, NOW)
    until = NOW + timedelta(days=1)
    decisions.take(path, [ROW], "snoozed", now=NOW, by="ana", until=until)
    paused = decisions.standing(path, NOW)
    assert decisions.standing(path, until - timedelta(seconds=1)) is paused
    over = decisions.standing(path, until)
    take(path, "b", now=until)
    more = decisions.standing(path, until)
    assert len({nobody, paused, over, more}) == 4
    assert decisions.standing(path, NOW) != paused
    assert decisions.standing(path, until) == more


def test_a_file_that_somebody_mended_is_read_anew(path: Path) -> None:
    path.write_text(f"{line('a', 'accepted')}\n{line('b', 'accepted')}\n")
    decisions.standing(path, NOW)
    path.write_text(f"{line('a', 'rejected')}\n{line('b', 'accepted')}\n{line('c', 'accepted')}\n")
    assert statuses(path) == {"a": "rejected", "b": "accepted", "c": "accepted"}
    path.unlink()
    assert statuses(path) == {}


# ---- torn and broken lines ----


@pytest.mark.parametrize(
    ("ending", "expected", "mended"),
    [
        ('{"recommendation_id": "b", "sta', {"a": "accepted"}, ""),
        ("12", {"a": "accepted"}, ""),
        (line("b", "rejected"), {"a": "accepted", "b": "rejected"}, line("b", "rejected") + "\n"),
    ],
)
def test_a_torn_last_line_is_cut_and_one_that_only_lacks_its_end_is_kept(
    path: Path, tmp_path: Path, ending: str, expected: dict[str, str], mended: str
) -> None:
    first = line("a", "accepted") + "\n"
    path.write_text(first + ending)
    assert statuses(path) == expected
    decisions.copy(path, tmp_path / "copy.jsonl")
    assert path.read_text() == (tmp_path / "copy.jsonl").read_text() == first + mended


def test_a_build_gets_one_way_of_saying_things(path: Path, tmp_path: Path) -> None:
    """Whatever Python can read as an instant, dbt has to read as the same one."""
    first = line("a", "Snoozed", decided_at="20261031T100000+0200", snoozed_until="2026-11-08", more=1)
    path.write_text(f"{first}\r\n\n{line('b', 'accepted')}\n")
    copied = tmp_path / "copy.jsonl"
    decisions.copy(path, copied)
    instants = {"decided_at": "2026-10-31T08:00:00Z", "snoozed_until": "2026-11-08T00:00:00Z"}
    assert [json.loads(each) for each in copied.read_text().splitlines()] == [
        {"recommendation_id": "a", "status": "snoozed", **instants},
        {"recommendation_id": "b", "status": "accepted"},
    ]
    assert decisions.standing(path, NOW).latest == decisions.standing(copied, NOW).latest


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_wherever_a_line_is_torn_what_was_whole_is_kept_and_the_next_decision_stands(
    tmp_path: Path, data: st.DataObject
) -> None:
    path = tmp_path / "torn.jsonl"
    names = ["a", "Zoë", "\u2028", "{", '"']
    lines = [
        json.dumps({"recommendation_id": name, "status": "accepted"}, ensure_ascii=False) for name in names
    ]
    text = "\n".join(lines).encode()
    length = data.draw(st.integers(0, len(text)))
    path.write_bytes(text[:length])
    ends = [len("\n".join(lines[: number + 1]).encode()) for number in range(len(lines))]
    whole = {name: "accepted" for name, end in zip(names, ends, strict=True) if end <= length}
    assert statuses(path) == whole
    take(path, "new", status="implemented")
    assert statuses(path) == whole | {"new": "implemented"}
    assert len([json.loads(each) for each in path.read_bytes().splitlines()]) == len(whole) + 1


@pytest.mark.parametrize(
    "wrong",
    [
        "no json",
        "[]",
        '{"status": "accepted"}',
        '{"recommendation_id": "a"}',
        '{"recommendation_id": 1, "status": "accepted"}',
        line("a", "accepted", decided_at="yesterday"),
    ],
)
def test_a_line_that_is_no_decision_is_named_by_everybody(path: Path, tmp_path: Path, wrong: str) -> None:
    text = f"{line('a', 'accepted')}\n\n{wrong}\n{line('b', 'accepted')}\n"
    path.write_text(text)
    copied = tmp_path / "copy.jsonl"
    for read in (
        lambda: decisions.standing(path, NOW),
        lambda: take(path, "c"),
        lambda: decisions.copy(path, copied),
    ):
        with pytest.raises(OptimaError, match=f"Line 3 of {path} is no decision: mend it or take it out"):
            read()
    assert path.read_text() == text
    assert not copied.exists()


def test_an_unknown_status_is_named(path: Path) -> None:
    path.write_text(f"{line('a', 'accepted')}\n{line('b', 'postponed')}\n")
    with pytest.raises(
        OptimaError, match=r"Line 2 of .* has an unknown status 'postponed': write one of pend"
    ):
        decisions.standing(path, NOW)


def test_a_line_that_was_added_after_many_is_named_by_its_own_number(path: Path) -> None:
    path.write_text(f"{line('a', 'accepted')}\n\n")
    decisions.standing(path, NOW)
    path.write_text(f"{line('a', 'accepted')}\n\nno json\n")
    with pytest.raises(OptimaError, match="Line 3 of"):
        decisions.standing(path, NOW)


def test_a_file_that_cannot_be_read_or_written_is_said(path: Path) -> None:
    path.mkdir()
    with pytest.raises(OptimaError, match="cannot be read: Is a directory"):
        decisions.standing(path, NOW)
    with pytest.raises(OptimaError, match="cannot be written: Is a directory"):
        take(path, "a")


def test_an_empty_file_stays_empty(path: Path, tmp_path: Path) -> None:
    path.touch()
    decisions.copy(path, tmp_path / "copy.jsonl")
    assert path.read_bytes() == (tmp_path / "copy.jsonl").read_bytes() == b""


# ---- several at once, and power cuts ----


def test_what_several_processes_decide_at_once_is_all_there(path: Path) -> None:
    path.write_text(line("torn", "accepted")[:-5])
    command = [sys.executable, "-c", TAKE, str(path)]
    workers = [subprocess.Popen([*command, str(first), str(first + 25)]) for first in (0, 25, 50, 75)]
    assert [worker.wait() for worker in workers] == [0, 0, 0, 0]
    written = [json.loads(each)["recommendation_id"] for each in path.read_text().splitlines()]
    assert sorted(written) == sorted(f"{number}-{part}" for number in range(100) for part in range(3))
    # What one decided together stands together.
    assert all(
        [each.split("-")[0] for each in written[start : start + 3]] == [written[start].split("-")[0]] * 3
        for start in range(0, 300, 3)
    )


@contextmanager
def _meanwhile(action: Callable[[], object]) -> Iterator[threading.Thread]:
    """Run an action in a thread that has got as far as it can before the block starts."""
    thread = threading.Thread(target=action)
    thread.start()
    thread.join(0.3)
    yield thread
    thread.join()


def test_who_decides_waits_until_another_has_written(path: Path) -> None:
    half, rest = line("first", "accepted")[:20], line("first", "accepted")[20:] + "\n"
    with path.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write(half)
        other.flush()
        with _meanwhile(lambda: take(path, "second")) as thread:
            assert thread.is_alive()
            other.write(rest)
            other.flush()
            fcntl.flock(other, fcntl.LOCK_UN)
    assert list(statuses(path)) == ["first", "second"]


def test_who_waits_writes_into_the_file_that_has_taken_the_place(path: Path) -> None:
    path.touch()
    with path.open("r+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with _meanwhile(lambda: take(path, "second")):
            edited = path.with_name("edited")
            edited.write_text(line("first", "rejected") + "\n")
            edited.replace(path)
            fcntl.flock(other, fcntl.LOCK_UN)
    assert statuses(path) == {"first": "rejected", "second": "accepted"}


def test_a_decision_is_on_the_disk_before_anybody_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        sync(descriptor)
        synced.append(path.read_text())

    monkeypatch.setattr(os, "fsync", watched)
    take(path, "a", "b")
    assert synced == [path.read_text()]
    assert len(synced[0].splitlines()) == 2


def test_on_a_full_disk_nothing_is_decided_and_nothing_is_torn(path: Path) -> None:
    take(path, "a")
    before = path.read_text()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limits[1]))
    try:
        with pytest.raises(OptimaError, match=f"The decisions in {path} cannot be written: File too large"):
            take(path, "b")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text() == before
