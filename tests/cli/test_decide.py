"""decide: by id and by filter, what it shows before, what it writes, and that every summary follows."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer
from built_workspace import build
from command_line import Run

from optima import published
from optima.cli import decide, summary
from optima.cli.app import app
from optima.cli.session import Session
from optima.published import Build
from optima.workspace import Workspace

NOW = datetime(2026, 11, 1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published build in which a1 and p1 are replicas of one global table, whose others are r1 and r2."""
    workspace = build(tmp_path_factory.mktemp("made"))
    with duckdb.connect(str(published.current(workspace).path)) as connection:
        connection.execute("alter table recommendations add column if not exists decision_key varchar")
        connection.execute("update recommendations set decision_key = recommendation_id")
        for original, replica in (("a1", "r1"), ("p1", "r2")):
            connection.execute(
                """
                insert into recommendations
                select * replace (? as recommendation_id, 'eu-west-1' as region, 'global' as decision_key)
                from recommendations
                where recommendation_id = ?
                """,
                [replica, original],
            )
            connection.execute(
                "update recommendations set decision_key = 'global' where recommendation_id = ?", [original]
            )
    return workspace.data


@pytest.fixture(autouse=True)
def _published(made: Path, tmp_path: Path) -> None:
    """What readers need: the published marts and an empty file, and no warehouse."""
    (tmp_path / "data").mkdir()
    for file in (*made.glob("marts-*.duckdb"), made / "current"):
        shutil.copy(file, tmp_path / "data")


@pytest.fixture(autouse=True)
def _decided_by_ana(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMA_DECIDED_BY", "ana")


def current(root: Path) -> Build:
    return published.current(Workspace.at(root))


def written(root: Path) -> list[dict[str, Any]]:
    path = Workspace.at(root).decisions
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def decided(root: Path) -> dict[str, str]:
    return {each["recommendation_id"]: each["status"] for each in written(root)}


def plain(text: str) -> str:
    """Take boxes and line breaks out of what typer shows."""
    return " ".join(text.replace("│", " ").split())


# ---- one ----


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["a3", "accept"], "accepted"),
        (["accept", "a3"], "accepted"),
        (["a3", "reject", "--reason", "Peaks in December."], "rejected"),
        (["a3", "snooze", "--until", "2026-12-01"], "snoozed"),
        (["a3", "done"], "implemented"),
        (["reopen", "a3"], "pending"),
    ],
)
def test_each_verb_leads_to_its_status(run: Run, tmp_path: Path, words: list[str], status: str) -> None:
    result = run("decide", *words, "--yes", "--as-of", "2026-11-01")
    assert result.exit_code == 0, result.output
    assert decided(tmp_path) == {"a3": status}


def test_what_is_written_says_who_when_what_and_why(run: Run, tmp_path: Path) -> None:
    run("decide", "a3", "snooze", "--until", "30d", "--reason", "busy", "--yes", "--as-of", "2026-11-01")
    [line] = written(tmp_path)
    assert {name: line[name] for name in ("decided_at", "decided_by", "reason", "snoozed_until")} == {
        "decided_at": "2026-11-01T00:00:00Z",
        "decided_by": "ana",
        "reason": "busy",
        "snoozed_until": "2026-12-01T00:00:00Z",
    }
    about = line["about"]
    assert (about["kind"], about["table_name"], about["index_name"]) == ("utilization", "orders", "by-day")
    assert about["monthly_savings_usd"] == "919.2963000000"
    assert json.loads(about["recommended_setting"]) == {"read": {"units": 313}, "write": {"units": 10}}


def test_an_id_may_be_shortened(run: Run, tmp_path: Path) -> None:
    """No more than one of p1, p2 and p3 can be meant by p, so that nobody knows which."""
    result = run("decide", "p", "accept", "--yes")
    assert result.exit_code == 2
    assert (
        "Error: 3 recommendations start with p: write more of it: p1 (best plan of orders in" in result.stderr
    )
    with duckdb.connect(str(current(tmp_path).path)) as connection:
        connection.execute(
            "update recommendations set recommendation_id = repeat('9', 32) where table_name = 'users'"
        )
    assert run("decide", "999", "accept", "--yes").exit_code == 2
    with duckdb.connect(str(current(tmp_path).path)) as connection:
        connection.execute("delete from recommendations where kind <> 'best_plan'")
    listed = run("list-recommendations", "--all").stdout
    assert "99999999 " in listed
    assert "999999999" not in listed
    assert run("decide", "99999999", "accept", "--yes").exit_code == 0
    assert decided(tmp_path) == {"9" * 32: "accepted"}


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (
            ["zz", "accept"],
            1,
            "Error: There is no recommendation 'zz': `dynamodb-optima list-rec",
        ),
        (
            ["a1"],
            2,
            "after the ids or before them: accept, reject, snooze, done, reopen.",
        ),
        (["a1", "accept", "a3"], 2, "Say what is decided"),
        (["accept"], 2, "Say what is decided on: ids, or filters such as --type and --account."),
        (["a1", "accept", "--type", "plan"], 2, "by their ids or by filters, not by both"),
        (["a1", "reject"], 2, "Invalid value for --reason: Rejecting needs a reason"),
        (["a1", "snooze"], 2, "Invalid value for --until: Snoozing needs to know until when"),
        (["a1", "snooze", "--until", "soon"], 2, "'soon' is no instant"),
        (["a1", "snooze", "--until", "2026-10-31"], 2, "has no effect: that has passed"),
        (["a1", "snooze", "--until", "999999w"], 2, "is beyond all calendars"),
        (["a1", "accept", "--until", "30d"], 2, "Only what is snoozed has an end"),
        (["accept", "--table", "("], 2, "'(' is no regular expression: missing ): (."),
        (["accept", "--region", "eu-north-1"], 1, "no recommendation passes these filters and is pending."),
    ],
)
def test_what_cannot_be_decided_is_said(
    run: Run, tmp_path: Path, words: list[str], code: int, sentence: str
) -> None:
    result = run("decide", *words, "--yes", "--as-of", "2026-11-01")
    assert result.exit_code == code
    assert sentence in plain(result.stderr)
    assert written(tmp_path) == []


def test_without_a_build_nothing_can_be_decided(run: Run, tmp_path: Path) -> None:
    result = run("decide", "a1", "accept", "--yes", root=tmp_path / "new")
    assert result.exit_code == 1
    assert "Nothing has been published" in result.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("36h", datetime(2026, 11, 2, 12)),
        ("30d", datetime(2026, 12, 1)),
        ("2 w", datetime(2026, 11, 15)),
        ("2026-12-24", datetime(2026, 12, 24)),
        ("2026-12-24T18:00:00+01:00", datetime(2026, 12, 24, 17)),
        (None, None),
    ],
)
def test_a_pause_ends_on_a_day_at_an_instant_or_after_a_span(
    text: str | None, expected: datetime | None
) -> None:
    assert decide.ending(text, NOW) == expected


@pytest.mark.parametrize("text", ["30", "d", "-1d", "30m", "1.5d", "30d ago"])
def test_what_is_no_end_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        decide.ending(text, NOW)


# ---- many ----


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["accept", "--type", "plan"], {"p1", "p2", "r2"}),
        (["accept", "--type", "plan", "--all"], {"p1", "p2", "p3", "r2"}),
        (["accept", "--table", "^orders$", "--type", "utilization"], {"a3"}),
        (["accept", "--account", "payments", "--min-savings", "50"], {"p2", "a2", "a3"}),
        (["accept", "--region", "eu-west-1", "--type", "capacity"], {"a1", "r1"}),
        (["accept", "--status", "pending"], {"a1", "a2", "a3", "p1", "p2", "r1", "r2"}),
    ],
)
def test_filters_select_what_is_decided(
    run: Run, tmp_path: Path, arguments: list[str], expected: set[str]
) -> None:
    result = run("decide", *arguments, "--yes")
    assert result.exit_code == 0, result.output
    assert set(decided(tmp_path)) == expected


def test_filters_select_nothing_that_was_decided_this_way_already(run: Run, tmp_path: Path) -> None:
    def decide_all(verb: str, *arguments: str) -> set[str]:
        before = len(written(tmp_path))
        run("decide", verb, "--type", "plan", "--yes", *arguments)
        return {line["recommendation_id"] for line in written(tmp_path)[before:]}

    assert decide_all("reject", "--table", "archive", "--reason", "Peaks.") == {"p2"}
    assert decide_all("accept") == {"p1", "r2"}
    assert decide_all("accept") == set()
    assert decide_all("done") == {"p1", "r2"}
    assert decide_all("reopen") == {"p1", "p2", "r2"}
    assert decide_all("accept", "--status", "rejected") == set()


def test_before_it_is_decided_it_is_shown_with_what_it_saves(run: Run, tmp_path: Path) -> None:
    result = run("decide", "p1", "p2", "a3", "accept", "--reason", "at last", "--dry-run")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines() if line.strip()]
    assert lines[0] == "These 4 recommendations will be accepted by ana: at last"
    assert [line.split()[0] for line in lines[3:7]] == ["p2", "r2", "p1", "a3"]
    assert lines[-4:] == [
        "1 of these is decided together with what was chosen: replicas of a global table share their mode "
        "and capacity.",
        "Best plans: 3 tables → Save $76.69/month ($920.23/year)",
        "utilisation: 1 row, $919.30/month if only this were applied",
        "Nothing was decided: this was a dry run.",
    ]
    assert (result.exit_code, written(tmp_path)) == (0, [])


def test_where_nobody_can_be_asked_nothing_is_decided(run: Run, tmp_path: Path) -> None:
    result = run("decide", "accept", "--type", "utilization")
    assert result.exit_code == 1
    assert "nobody can be asked here, so say --yes if this is meant" in result.stderr
    assert written(tmp_path) == []


def test_what_is_named_by_id_is_decided_without_a_question(run: Run, tmp_path: Path) -> None:
    assert run("decide", "a3", "accept").exit_code == 0
    assert decided(tmp_path) == {"a3": "accepted"}


@pytest.mark.parametrize(("answer", "code", "expected"), [("y", 0, {"a3": "accepted"}), ("n", 1, {})])
def test_on_a_terminal_it_is_asked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    code: int,
    expected: dict[str, str],
) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    with os.fdopen(theirs) as terminal, monkeypatch.context() as patched:
        patched.setattr(sys, "stdin", terminal)
        with pytest.raises(SystemExit) as ended:
            app(["--project-root", str(tmp_path), "decide", "accept", "--type", "utilization"])
    os.close(ours)
    told = capsys.readouterr().out
    assert "Decide this? [y/N]" in told
    assert (ended.value.code, decided(tmp_path)) == (code, expected)
    assert ("Nothing was decided." in told) == (code == 1)


def test_who_decides_can_be_named(run: Run, tmp_path: Path) -> None:
    run("decide", "a3", "accept", "--by", "ben", "--yes")
    assert [line["decided_by"] for line in written(tmp_path)] == ["ben"]


# ---- what follows ----


def totals(run: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What every summary says of the plans' saving that is still open, in dollars a month."""
    listed = run("list-recommendations", "--type", "plan", "--all").stdout
    capsys.readouterr()
    summary.organisation(Session("run", root), current(root))
    told = capsys.readouterr().out
    lines = [line for text in (listed, told) for line in text.splitlines() if line.startswith("Best plans: ")]
    open_plans = json.loads(run("status", "--format", "json").stdout)["published"]["kinds"][0]["open"]
    return [*(line.removeprefix("Best plans: ") for line in lines), f"{open_plans} open"]


def test_every_summary_follows_a_decision_at_once(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    every = "3 tables → Save $76.69/month ($920.23/year)"
    assert totals(run, tmp_path, capsys) == [every, every, "3 open"]
    done = run("decide", "p2", "done", "--yes")
    without = "2 tables → Save $26.06/month ($312.73/year)"
    assert done.stdout.splitlines()[-2:] == [
        "✓ 1 recommendation marked as implemented by ana",
        f"Best plans still open: {without}",
    ]
    assert totals(run, tmp_path, capsys) == [without, without, "2 open"]
    explained = json.loads(run("explain", "archive", "--format", "json").stdout)
    assert explained["best"]["status"] == "implemented"
    run("decide", "p2", "reopen", "--yes")
    assert totals(run, tmp_path, capsys) == [every, every, "3 open"]


def test_a_decision_stands_while_the_warehouse_is_held_and_after_it_is_lost(run: Run, tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(workspace.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert run("decide", "a3", "accept", "--yes").exit_code == 0
    holder.communicate()
    workspace.warehouse.unlink()
    [row] = json.loads(run("list-recommendations", "--status", "accepted", "--format", "json").stdout)
    assert row["recommendation_id"] == "a3"


def test_decisions_about_what_the_build_has_no_more_are_kept(run: Run, tmp_path: Path) -> None:
    run("decide", "a3", "reject", "--reason", "Peaks.", "--yes")
    path = current(tmp_path).path
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table hidden as from recommendations where recommendation_id = 'a3'")
        connection.execute("delete from recommendations where recommendation_id = 'a3'")
    assert run("decide", "a1", "accept", "--yes").exit_code == 0
    assert "No recommendation matches" in run("list-recommendations", "--status", "rejected").stdout
    shown = run("decide", "a3", "a2", "done", "--dry-run").stdout
    assert "These 2 recommendations will be marked as implemented by ana" in shown
    assert "a3 is one that the newest build has no more." in shown
    again = run("decide", "a3", "reject", "--reason", "Still.", "--yes")
    assert "This recommendation will be rejected by ana: Still." in again.stdout
    about = [line["about"] for line in written(tmp_path) if line["recommendation_id"] == "a3"]
    assert about[0] == about[1]
    with duckdb.connect(str(path)) as connection:
        connection.execute("insert into recommendations from hidden")
    [row] = json.loads(run("list-recommendations", "--status", "rejected", "--format", "json").stdout)
    assert (row["recommendation_id"], row["decision_reason"]) == ("a3", "Still.")


@pytest.mark.parametrize("command", ["run", "analyze-capacity", "list-recommendations", "explain"])
def test_a_line_that_is_no_decision_is_named_before_anything_is_done(
    run: Run, tmp_path: Path, command: str
) -> None:
    workspace = Workspace.at(tmp_path)
    duckdb.connect(str(workspace.warehouse)).close()
    workspace.decisions.write_text('{"recommendation_id": "a1", "status": "done"}\n')
    before = current(tmp_path)
    result = run(command, *(["orders"] if command == "explain" else []))
    assert result.exit_code == 1
    assert f"Error: Line 1 of {workspace.decisions} has an unknown status 'done'" in result.stderr
    assert current(tmp_path) == before
