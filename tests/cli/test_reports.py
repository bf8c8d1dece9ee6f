"""What analyses, status, health and run say, and how the dashboard is started."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from built_workspace import build
from command_line import Run
from planned_tables import COLUMNS

from optima import published, transform
from optima.cli import demo, reports, summary
from optima.cli import run as runs
from optima.cli.session import Session
from optima.errors import OptimaError
from optima.sandbox import SandboxConfig
from optima.workspace import Workspace


def test_an_analysis_says_savings_by_direction(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newest = published.current(build(tmp_path))
    reports.analysed(newest, transform.CAPACITY, None)
    assert capsys.readouterr().out == (
        "Capacity Mode Analysis Results\n"
        "==============================\n"
        "Analyzed: 1 table | Recommendations: 1 table\n"
        "\n"
        "Switch to Provisioned:      1 table → Save $13.03/month\n"
        "\n"
        "Total Potential Savings, if only this were applied: $13.03/month ($156.37/year)\n"
    )
    reports.analysed(newest, transform.UTILIZATION, ["users"])
    assert capsys.readouterr().out == (
        "Utilization Analysis Results\n"
        "============================\n"
        "Analyzed: 1 resource | Recommendations: 0 resources\n"
        "\n"
        "Total Potential Savings, if only this were applied: $0.00/month ($0.00/year)\n"
    )


def test_tables_that_were_not_analysed_are_said(tmp_path: Path) -> None:
    newest = published.current(build(tmp_path))
    with pytest.raises(OptimaError, match="None of these tables was analysed: nowhere, never"):
        reports.analysed(newest, transform.CAPACITY, ["nowhere", "never"])


def test_the_summary_adds_up_plans_and_counts_each_kind_by_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary.organisation(Session("run", tmp_path), published.current(build(tmp_path)))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    alone = "if only this were applied"
    assert lines == [
        "",
        "Looked at 5 tables and 1 index in 1 account and 2 regions.",
        "What you pay: $496.00 a month by the bill of 2026-10",
        "Model against the bill: 30 % of 199.50 USD compared within 2 %.",
        "Best plans: 2 tables → Save $63.66/month ($763.87/year)",
        f"capacity mode: 1 recommendation → Save $13.03/month ($156.37/year) {alone}",
        f"table class: 1 recommendation → Save $50.63/month ($607.50/year) {alone}",
        f"utilisation: 1 recommendation → Save $919.30/month ($11,031.56/year) {alone}",
    ]


def test_status_of_nothing_and_of_a_build(run: Run, tmp_path: Path) -> None:
    assert run("status").stdout.splitlines()[1:] == [
        "Nothing has been loaded yet: dynamodb-optima discover",
        "Published: nothing yet: dynamodb-optima run",
    ]
    build(tmp_path)
    text = run("status").stdout
    assert "  capacity_mode: 1 recommendation, 1 open, 1 looked at" in text
    assert "  utilization: 1 recommendation, 1 open, 2 looked at" in text


def test_health_says_what_is_wrong_and_ends_with_1(run: Run, tmp_path: Path) -> None:
    build(tmp_path)
    (tmp_path / "data/optima.duckdb").write_bytes(os.urandom(20_000))
    result = run("health")
    assert result.exit_code == 1
    assert "✗ Credentials: AWS cannot be reached" in result.stdout
    assert f"✓ Workspace: {tmp_path}" in result.stdout
    assert "✗ Warehouse: The warehouse" in result.stdout
    assert f"✓ Published marts: {len(COLUMNS)} marts of" in result.stdout
    assert "duckdb 1." in run("health", "--verbose").stdout


NOW = datetime(2026, 11, 1, 6)


def test_everything_is_due_in_a_new_workspace() -> None:
    assert runs.due({}, NOW) == {"discover", "collect", "collect-pricing", "collect-cur"}


def test_metrics_are_always_due_and_the_rest_when_it_has_aged() -> None:
    just_now = dict.fromkeys(runs.DUE_AFTER, NOW - timedelta(minutes=1)) | {"collect": NOW}
    assert runs.due(just_now, NOW) == {"collect"}
    for name, age in runs.DUE_AFTER.items():
        assert runs.due(just_now | {name: NOW - age}, NOW) == {"collect", name}
        assert runs.due(just_now | {name: NOW - age + timedelta(seconds=1)}, NOW) == {"collect"}


def test_a_demo_goes_on_from_its_first_day(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    first = SandboxConfig(tables=12, end=datetime(2026, 11, 1))
    assert demo.founded(workspace, first) == datetime(2026, 11, 1)
    later = SandboxConfig(tables=12, end=datetime(2026, 11, 5))
    assert demo.founded(workspace, later) == datetime(2026, 11, 1)


@pytest.mark.parametrize(
    "other",
    [
        SandboxConfig(tables=13, end=datetime(2026, 11, 1)),
        SandboxConfig(tables=12, seed=2, end=datetime(2026, 11, 1)),
        SandboxConfig(tables=12, end=datetime(2026, 10, 31)),
    ],
)
def test_another_organisation_is_not_mixed_into_a_demo(tmp_path: Path, other: SandboxConfig) -> None:
    workspace = Workspace.at(tmp_path)
    demo.founded(workspace, SandboxConfig(tables=12, end=datetime(2026, 11, 1)))
    with pytest.raises(OptimaError, match=r"--accounts 6 --tables 12 --seed 1, from 2026-11-01 on"):
        demo.founded(workspace, other)


def test_the_sandbox_takes_the_place_of_other_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "my-company")
    with demo.environment({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}):
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert os.environ["AWS_PROFILE"] == "my-company"
    assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
