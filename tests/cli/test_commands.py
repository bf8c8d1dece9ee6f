"""Every command by its documented name and options, and what is said about input that cannot be right."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from command_line import Run, spawn

from optima.cli import loads
from optima.errors import OptimaError

FILTERS = (
    *("--type", "--account", "--ou", "--region", "--tag"),
    *("--table", "--min-savings", "--status", "--all"),
)
DOCUMENTED = {
    "discover": [
        *("--regions", "--use-org", "--role-name", "--resume", "--skip-tags"),
        *("--profile", "--concurrency"),
    ],
    "collect": [
        *("--days", "--start-date", "--end-date", "--tables", "--regions", "--resume", "--batch-size"),
        *("--profile", "--concurrency", "--dry-run", "--max-cost"),
    ],
    "collect-pricing": ["--regions", "--force-refresh", "--profile"],
    "collect-cur": ["--bucket", "--prefix", "--months", "--format", "--path", "--profile"],
    "analyze-capacity": ["--days", "--target-utilization", "--min-savings", "--price-basis", "--tables"],
    "analyze-table-class": ["--months", "--breakeven-ratio", "--min-savings", "--price-basis", "--tables"],
    "analyze-utilization": [
        "--days",
        "--low-utilization-threshold",
        "--min-savings",
        "--price-basis",
        "--tables",
    ],
    "list-recommendations": [
        *(
            "--type",
            "--account",
            "--ou",
            "--region",
            "--tag",
            "--table",
            "--min-savings",
            "--status",
            "--all",
        ),
        *("--format", "--output"),
    ],
    "decide": [
        *(
            "--type",
            "--account",
            "--ou",
            "--region",
            "--tag",
            "--table",
            "--min-savings",
            "--status",
            "--all",
        ),
        *("--reason", "--until", "--by", "--yes", "--dry-run"),
    ],
    "explain": ["--region", "--account", "--format"],
    "costs": [
        *("--month", "--by", "--account", "--region", "--tables", "--top", "--format", "--output"),
    ],
    "reconcile": ["--month", "--worst", "--tables", "--format", "--output"],
    "commitments": ["--format", "--output"],
    "status": ["--format"],
    "health": ["--use-org", "--role-name", "--profile", "--concurrency", "--format"],
    "gui": ["--port", "--theme"],
    "version": [],
    "run": [
        *("--regions", "--use-org", "--role-name", "--days", "--min-savings", "--price-basis", "--force"),
        *("--profile", "--concurrency"),
    ],
    "demo": ["--accounts", "--tables", "--days", "--seed", "--price-basis"],
    "docs": ["--output"],
    "sandbox serve": ["--accounts", "--tables", "--days", "--seed", "--end", "--port", "--fault"],
}


def plain(text: str) -> str:
    """Take boxes, colours and line breaks out of what typer shows."""
    return re.sub(r"[\s│╭╮╰╯─]+", " ", re.sub(r"\x1b\[[0-9;]*m", "", text))


@pytest.mark.parametrize(("name", "options"), DOCUMENTED.items())
def test_help_names_every_option(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, options: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = run(*name.split(), "--help")
    assert result.exit_code == 0
    for option in (*options, "--as-of", "--verbose"):
        assert re.search(rf"{option}\b", result.output), option


@pytest.mark.parametrize("name", ["discover", "collect", "collect-pricing", "collect-cur", "run"])
def test_help_of_a_load_tells_its_exit_codes(run: Run, name: str) -> None:
    said = plain(run(name, "--help").output)
    assert "0: complete; 3: complete but for what is named" in said


def test_every_command_is_listed(run: Run) -> None:
    result = run("--help")
    for name in DOCUMENTED:
        assert re.search(rf"^│ {name.split()[0]} ", result.output, re.MULTILINE), name
    for option in ("--project-root", "--debug", "--verbose"):
        assert option in result.output


def test_help_and_version_load_none_of_the_heavy_libraries() -> None:
    program = (
        "import sys\n"
        "from optima.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'boto3', 'dlt', 'dbt', 'duckdb', 'numpy', 'pyarrow', 'streamlit', 'pydantic_settings'}\n"
        "sys.exit(','.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    for argument in ("--help", "version"):
        done = subprocess.run(
            [sys.executable, "-c", program, argument], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_version_names_itself_and_verbose_what_it_stands_on(run: Run) -> None:
    assert re.fullmatch(r"dynamodb-optima \d+\.\d+\.\d+\n", run("version").output)
    assert re.search(r"^duckdb \d", run("version", "--verbose").output, re.MULTILINE)
    assert run("--verbose", "version").output == run("version", "--verbose").output


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01", datetime(2026, 11, 1)),
        ("2026-11-01T06:30:00", datetime(2026, 11, 1, 6, 30)),
        ("2026-11-01T06:30:00Z", datetime(2026, 11, 1, 6, 30)),
        ("2026-11-01T01:30:00-05:00", datetime(2026, 11, 1, 6, 30)),
    ],
)
def test_an_instant_is_utc(text: str, expected: datetime) -> None:
    from optima.cli.commands import instant

    assert instant(text) == expected


NOW = datetime(2026, 11, 1, 6, 30, 15)


@pytest.mark.parametrize(
    ("days", "start", "end", "expected"),
    [
        (None, None, None, (datetime(2026, 10, 18, 6, 30), datetime(2026, 11, 1, 6, 30))),
        (7, None, None, (datetime(2026, 10, 25, 6, 30), datetime(2026, 11, 1, 6, 30))),
        (None, "2026-10-01", "2026-10-14", (datetime(2026, 10, 1), datetime(2026, 10, 15))),
        (None, "2026-10-01", "2026-10-01", (datetime(2026, 10, 1), datetime(2026, 10, 2))),
        (None, "2026-10-30", None, (datetime(2026, 10, 30), datetime(2026, 11, 1, 6, 30))),
        (None, "2026-10-30", "2026-11-01", (datetime(2026, 10, 30), datetime(2026, 11, 1, 6, 30))),
    ],
)
def test_what_is_collected(
    days: int | None, start: str | None, end: str | None, expected: tuple[datetime, datetime]
) -> None:
    assert loads.span(NOW, days=days, start_date=start, end_date=end, default=14) == expected


@pytest.mark.parametrize(
    ("days", "start", "end", "sentence"),
    [
        (None, "2026-02-01", "2026-01-01", "--start-date 2026-02-01 lies after --end-date 2026-01-01"),
        (None, "2026-11-02", None, "--start-date 2026-11-02 lies after now"),
        (None, "2026-11-02", "2026-11-05", "--start-date 2026-11-02 lies in the future"),
        (None, None, "2026-11-01", "--end-date needs a --start-date"),
        (7, "2026-10-01", None, "Give either --days"),
        (None, "01/02/2026", None, "is no date: write it as"),
    ],
)
def test_dates_that_cannot_be_right(
    days: int | None, start: str | None, end: str | None, sentence: str
) -> None:
    with pytest.raises(OptimaError, match=re.escape(sentence)):
        loads.span(NOW, days=days, start_date=start, end_date=end, default=14)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["collect", "--start-date", "2026-02-01", "--end-date", "2026-01-01"], 1, "lies after --end-date"),
        (["analyze-capacity"], 1, "No tables have been discovered yet"),
        (["analyze-table-class"], 1, "No tables have been discovered yet"),
        (["list-recommendations"], 1, "Nothing has been published"),
        (["decide", "a", "accept"], 1, "Nothing has been published"),
        (["list-recommendations", "--table", "("], 2, "is no regular expression: missing ): (."),
        (["explain", "orders"], 1, "Nothing has been published"),
        (["explain", "orders", "--format", "csv"], 2, "--format"),
        (["costs"], 1, "Nothing has been published"),
        (["costs", "--month", "October"], 2, "is no month: write 2026-10"),
        (["costs", "--by", "region"], 2, "--by"),
        (["reconcile"], 1, "Nothing has been published"),
        (["commitments", "--format", "xml"], 2, "--format"),
        (["gui", "--address", "192.0.2.7"], 1, "192.0.2.7 is no address of this machine: name one"),
        (["status", "--as-of", "yesterday"], 2, "is no instant: write 2026-11-01"),
        (["collect", "--days", "0"], 2, "--days"),
        (["analyze-capacity", "--target-utilization", "0.95"], 2, "--target-utilization"),
        (["list-recommendations", "--type", "reserved"], 2, "--type"),
        (["collect-cur", "--format", "xlsx"], 2, "--format"),
    ],
)
def test_bad_input_ends_in_a_sentence(run: Run, arguments: list[str], code: int, sentence: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert sentence in plain(result.stderr)
    assert result.stdout == ""
    assert "Traceback" not in result.output


def test_a_setting_that_cannot_be_used_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CAPACITY_ANALYSIS_DAYS=fortnight\n")
    result = run("analyze-capacity")
    assert result.exit_code == 1
    assert "The setting CAPACITY_ANALYSIS_DAYS cannot be used" in plain(result.stderr)


def test_debug_shows_the_stack_trace(tmp_path: Path) -> None:
    done = spawn("--debug", "--project-root", str(tmp_path), "list-recommendations")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "NothingPublishedError" in done.stderr


def test_a_damaged_warehouse_ends_in_a_sentence_and_is_left_as_it_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    damaged = os.urandom(20_000)
    (tmp_path / "data/optima.duckdb").write_bytes(damaged)
    for arguments in (["discover"], ["collect"], ["analyze-capacity"], ["status"]):
        result = run(*arguments)
        assert result.exit_code == 1, arguments
        assert "is damaged or no DuckDB file" in plain(result.stderr)
    assert (tmp_path / "data/optima.duckdb").read_bytes() == damaged


def test_a_second_writer_is_told_of_the_first(tmp_path: Path) -> None:
    from optima import writer
    from optima.workspace import Workspace

    with writer.writing(Workspace.at(tmp_path), "collect"):
        done = spawn("--project-root", str(tmp_path), "discover")
        looked = spawn("--project-root", str(tmp_path), "status")
    assert done.returncode == 1
    assert plain(done.stderr).startswith(f"Error: Process {os.getpid()} is writing to this workspace")
    assert "dynamodb-optima collect" in done.stderr
    assert looked.returncode == 0
