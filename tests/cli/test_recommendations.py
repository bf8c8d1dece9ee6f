"""list-recommendations: the filters, and the three ways in which the list is written."""

from __future__ import annotations

import csv
import io
import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from built_workspace import AUTOSCALED, ON_DEMAND, WINDOW, build
from command_line import Run

from optima import decisions
from optima.cli.recommendations import COLUMNS
from optima.workspace import Workspace


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("made")).data


@pytest.fixture(autouse=True)
def _published(made: Path, tmp_path: Path) -> None:
    """What readers need: the published marts and the decisions, and no warehouse."""
    (tmp_path / "data").mkdir()
    for file in (*made.glob("marts-*.duckdb"), made / "current", made / "decisions.jsonl"):
        shutil.copy(file, tmp_path / "data")


def decided(
    root: Path, recommendation_id: str, status: str, reason: str | None = None, until: datetime | None = None
) -> None:
    rows = [{"recommendation_id": recommendation_id}]
    path = Workspace.at(root).decisions
    decisions.take(path, rows, status, now=datetime(2026, 10, 30, 12), by="ana", reason=reason, until=until)


def ids(run: Run, *arguments: str) -> list[str]:
    result = run("list-recommendations", "--format", "json", *arguments)
    assert result.exit_code == 0, result.output
    return [row["recommendation_id"] for row in json.loads(result.stdout)]


def test_json_is_what_others_rely_on(run: Run) -> None:
    rows = json.loads(run("list-recommendations", "--format", "json").stdout)
    assert all(tuple(row) == COLUMNS for row in rows)
    (row,) = (row for row in rows if row["recommendation_id"] == "a1")
    assert row == {
        "recommendation_id": "a1",
        "kind": "capacity_mode",
        "account_id": "012345678901",
        "account_name": "payments",
        "region": "us-east-1",
        "table_name": "orders",
        "index_name": None,
        "current_setting": ON_DEMAND,
        "recommended_setting": AUTOSCALED,
        "current_monthly_cost_usd": 22.995,
        "projected_monthly_cost_usd": 9.9645,
        "monthly_savings_usd": 13.0305,
        "annual_savings_usd": 156.366,
        "confidence": "high",
        "risk": "low",
        "reason": "Because of orders.",
        "status": "pending",
        "window_start": "2026-10-18T00:00:00",
        "window_end": "2026-11-01T00:00:00",
        "price_basis": "list",
        "list_current_cost_usd": 22.995,
        "list_projected_cost_usd": 9.9645,
        "list_monthly_savings_usd": 13.0305,
        "model_error_pct": None,
        "stranded_commitment_usd": None,
        "decided_at": None,
        "decided_by": None,
        "decision_reason": None,
        "snoozed_until": None,
    }


def test_the_list_holds_what_can_be_acted_on_plans_first_then_the_greatest_saving(run: Run) -> None:
    assert ids(run) == ["p2", "p1", "a3", "a2", "a1"]
    assert ids(run, "--all") == ["p2", "p1", "p3", "a3", "a2", "a1", "a4"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--type", "plan"], ["p2", "p1"]),
        (["--type", "plan", "--all"], ["p2", "p1", "p3"]),
        (["--type", "capacity"], ["a1"]),
        (["--type", "table_class"], ["a2"]),
        (["--type", "utilization"], ["a3"]),
        (["--type", "utilization", "--all"], ["a3", "a4"]),
        (["--type", "plan", "--type", "capacity"], ["p2", "p1", "a1"]),
        (["--min-savings", "13.0305"], ["p2", "p1", "a3", "a2", "a1"]),
        (["--min-savings", "13.0306"], ["p2", "a3", "a2"]),
        (["--table", "^arch"], ["p2", "a2"]),
        (["--table", "s$", "--all"], ["p1", "p3", "a3", "a1", "a4"]),
        (["--account", "payments"], ["p2", "p1", "a3", "a2", "a1"]),
        (["--account", "nobody"], []),
        (["--region", "eu-west-1"], []),
        (["--region", "eu-west-1", "--region", "us-east-1", "--type", "plan"], ["p2", "p1"]),
        (["--ou", "Root"], []),
        (["--tag", "team"], []),
        (["--status", "accepted"], ["p2"]),
        (["--status", "pending"], ["p1", "a1"]),
        (["--status", "rejected"], ["a3"]),
        (["--status", "snoozed", "--status", "accepted"], ["p2", "a2"]),
        (["--status", "implemented"], []),
    ],
)
def test_filters(run: Run, tmp_path: Path, arguments: list[str], expected: list[str]) -> None:
    decided(tmp_path, "p2", "accepted")
    decided(tmp_path, "a3", "rejected", reason="Peaks in December.")
    decided(tmp_path, "a2", "snoozed", until=WINDOW[1])
    assert ids(run, "--as-of", "2026-10-31", *arguments) == expected


def test_the_file_alone_says_what_was_decided(run: Run, tmp_path: Path) -> None:
    """Published by a build that had read that p2 and a2 were accepted; the file says nothing of them."""
    assert ids(run, "--status", "accepted") == []
    decided(tmp_path, "a3", "accepted")
    assert ids(run, "--status", "accepted") == ["a3"]


def test_a_decision_is_told_with_who_when_and_why(run: Run, tmp_path: Path) -> None:
    decided(tmp_path, "a3", "rejected", reason="Peaks in December.")
    [row] = json.loads(run("list-recommendations", "--status", "rejected", "--format", "json").stdout)
    assert {name: row[name] for name in COLUMNS[-4:]} == {
        "decided_at": "2026-10-30T12:00:00",
        "decided_by": "ana",
        "decision_reason": "Peaks in December.",
        "snoozed_until": None,
    }
    assert "rejected by ana" not in run("list-recommendations").stdout
    assert "rejected" in run("list-recommendations").stdout
    told = " ".join(run("list-recommendations", "--status", "rejected", "--verbose").stdout.split())
    assert "rejected by ana on" in told
    assert "2026-10-30: Peaks" in told


def test_a_pause_is_told_with_its_end_and_that_it_is_over(run: Run, tmp_path: Path) -> None:
    decided(tmp_path, "a2", "snoozed", until=WINDOW[1])
    paused, over = (
        run("list-recommendations", "--as-of", day).stdout for day in ("2026-10-31", "2026-11-01")
    )
    assert "snoozed until 2026-11-01 00:00" in paused
    assert "pending again since 2026-11-01 00:00" in over
    assert "table class: 0 rows" in paused
    assert "table class: 1 row" in over


def test_csv_has_the_same_columns_with_settings_as_json(run: Run) -> None:
    result = run("list-recommendations", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert tuple(rows[0]) == COLUMNS
    assert [row["monthly_savings_usd"] for row in rows] == [
        "50.625",
        "13.0305",
        "919.2963",
        "50.625",
        "13.0305",
    ]
    assert rows[0]["account_id"] == "012345678901"
    assert json.loads(rows[4]["recommended_setting"]) == AUTOSCALED
    assert rows[4]["index_name"] == ""


@pytest.mark.parametrize("style", ["table", "csv", "json"])
def test_output_goes_into_the_file_alone(run: Run, tmp_path: Path, style: str) -> None:
    file = tmp_path / f"list.{style}"
    result = run("list-recommendations", "--format", style, "--output", str(file))
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "Wrote 5 recommendations to" in result.stderr
    assert "archive" in file.read_text()


def test_a_file_that_cannot_be_written_is_said(run: Run, tmp_path: Path) -> None:
    result = run("list-recommendations", "--format", "csv", "--output", str(tmp_path / "no" / "where.csv"))
    assert result.exit_code == 1
    assert "could not be written" in result.stderr


def test_the_table_shows_changes_and_adds_up_nothing_but_plans(run: Run) -> None:
    text = run("list-recommendations").stdout
    assert "On-Demand → Provisioned, read 1–200 at 70 %, write 1–10 at 70 %, 1 index" in text
    assert "Standard → Standard-IA" in text
    assert "orders / by-day" in text
    assert "read 10,000 → 313" in text
    assert text.splitlines()[-4:] == [
        "Best plans: 2 tables → Save $63.66/month ($763.87/year)",
        "capacity mode: 1 row, $13.03/month if only this were applied",
        "table class: 1 row, $50.63/month if only this were applied",
        "utilisation: 1 row, $919.30/month if only this were applied",
    ]
    assert "982.95" not in text, "the sum of the kinds is nobody's saving"
    assert "Because of orders." not in text


def test_the_total_is_of_what_is_still_open_unless_another_status_is_asked_for(
    run: Run, tmp_path: Path
) -> None:
    decided(tmp_path, "p2", "implemented")
    assert "Best plans: 1 table → Save $13.03/month ($156.37/year)" in run("list-recommendations").stdout
    assert "Best plans: 1 table → Save $13.03/month" in run("list-recommendations", "--all").stdout
    done = run("list-recommendations", "--status", "implemented").stdout
    assert "Best plans: 1 table → Save $50.63/month ($607.50/year)" in done


def test_the_table_of_all_rows_says_why(run: Run) -> None:
    text = run("list-recommendations", "--all").stdout
    assert "keep as it is" in text
    assert "Because of users." in text


def test_an_empty_list_is_said(run: Run) -> None:
    assert "No recommendation matches" in run("list-recommendations", "--min-savings", "5000").stdout
    assert run("list-recommendations", "--min-savings", "5000", "--format", "json").stdout == "[]\n"
