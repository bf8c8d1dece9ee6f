"""The command status: of an organisation with a denied and a broken account, and in any other state."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from built_workspace import build
from command_line import Run
from typer.testing import CliRunner

from optima import logs, published, writer
from optima.cli import status
from optima.cli.app import app
from optima.cli.collected import Collected, Row, copy, look
from optima.cli.demo import environment
from optima.cli.session import Session
from optima.sandbox import Fault, SandboxConfig, running
from optima.workspace import Workspace

AS_OF = datetime(2026, 11, 1)
SINCE = datetime(2026, 10, 31)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a workspace with a day of metrics, and the account whose CloudWatch answered nobody."""
    root = tmp_path_factory.mktemp("loaded")

    def go(*arguments: str) -> None:
        CliRunner().invoke(app, ["--project-root", str(root), *arguments, "--as-of", str(AS_OF)])

    config = SandboxConfig(accounts=3, tables=12, days=2, billing_export=False, end=AS_OF)
    with running(config) as sandbox, environment(sandbox.environment()):
        go("discover", "--use-org")
        with duckdb.connect(str(root / "data/optima.duckdb")) as connection:
            ((broken,),) = connection.execute(
                "select min(account_id) from raw_dynamodb.table_metadata"
            ).fetchall()
        sandbox.set_faults(Fault("denied", service="monitoring", account_id=broken))
        go("collect", "--days", "1")
    logs.to_terminal(None)
    return root, broken


def said(root: Path, *arguments: str) -> str:
    result = CliRunner().invoke(
        app, ["--project-root", str(root), "status", "--as-of", str(AS_OF), *arguments]
    )
    assert result.exit_code == 0, result.output
    return result.stdout


def test_who_needs_attention_comes_first_with_the_way_to_go_on(loaded: tuple[Path, str]) -> None:
    root, broken = loaded
    text = said(root)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    [loads] = [number for number, line in enumerate(lines) if line == "Last loads:"]
    assert lines[loads + 1] == "load status ended (UTC) units rows calls received charged"
    assert lines[loads + 2].startswith("discover partial ")
    assert lines[loads + 3].startswith("collect partial ")
    assert "denied)" in lines[loads + 3]
    assert "Go on with: dynamodb-optima collect --resume" in lines
    [heading] = [number for number, line in enumerate(lines) if "accounts: " in line]
    assert "1 denied, 1 with metrics that were refused" in lines[heading]
    assert "denied since " in lines[heading + 2]
    assert lines[heading + 3].startswith(f"{broken} ")
    assert "demand denied" in lines[heading + 3]
    # Accounts that are as they should be are counted only.
    assert text.count("from 2026-10-31 00:00 to 2026-11-01 00:00") == 1


def test_verbose_lists_accounts_regions_tables_and_metrics(loaded: tuple[Path, str]) -> None:
    root, broken = loaded
    text = said(root, "--verbose")
    for heading in ("Accounts and regions:", "Tables and indexes:", "Metrics in detail:"):
        assert heading in text
    tables = text.partition("Tables and indexes:")[2].splitlines()
    # What nobody collected is worst.
    assert broken in tables[2]
    assert "nothing" in tables[2]
    assert "GetMetricData" in text


def test_json_has_every_table_and_account_and_load(loaded: tuple[Path, str]) -> None:
    root, broken = loaded
    found = json.loads(said(root, "--format", "json"))
    assert sum(table["index_name"] is None for table in found["tables"]) == found["totals"]["tables"] == 12
    assert len(found["tables"]) == 12 + found["totals"]["indexes"]
    for table in found["tables"]:
        known = ("2026-10-31T00:00:00", "2026-11-01T00:00:00", 0)
        expected = (None, None, None) if table["account_id"] == broken else known
        assert (table["from_at"], table["to_at"], table["staleness_minutes"]) == expected
    by_account = {account["account_id"]: account for account in found["accounts"]}
    assert by_account[broken]["standing"] == "with metrics that were refused"
    assert found["accounts"][0]["standing"] == "denied"
    [collect] = [row for row in found["operations"] if row["operation"] == "collect"]
    assert collect["units"] == collect["units_done"] + collect["units_denied"] > collect["units_done"] > 0
    assert collect["bytes"] > 0
    assert collect["usd"] > 0
    assert {"account_id", "region", "denied_since_at", "minutes_problem"} <= set(found["places"][0])


def test_a_workspace_that_is_written_to_is_not_waited_for(run: Run, tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    workspace.create()
    duckdb.connect(str(workspace.warehouse)).close()
    with writer.writing(workspace, "collect"):
        text = run("status").stdout
    assert "Being loaded: Process " in text
    assert "dynamodb-optima collect" in text


def test_meanwhile_the_last_build_says_who_needs_attention(run: Run, tmp_path: Path) -> None:
    workspace = build(tmp_path)
    rows = [_place(1, **_DENIED), _place(2)]
    with writer.writing(workspace, "collect"):
        assert "As that build knew it" not in run("status").stdout
        with duckdb.connect(str(published.current(workspace).path)) as connection:
            connection.register("places", pa.Table.from_pylist(rows))
            connection.execute("create table place_coverage as from places")
        text = run("status").stdout
    assert "As that build knew it:\n2 accounts: 1 denied, 1 complete:" in text
    assert "denied since 2026-10-31" in text


def test_a_warehouse_of_an_older_version_is_read_as_it_is(run: Run, tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    workspace.create()
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute(
            "create schema ops; create table ops.collection_state (operation_id varchar, operation varchar, "
            "status varchar, started_at timestamp, ended_at timestamp, units_total bigint, "
            "units_done bigint, message varchar); insert into ops.collection_state values "
            "('1', 'collect', 'running', '2026-11-01', null, 12, 5, null)"
        )
    lines = [" ".join(line.split()) for line in run("status", "--verbose").stdout.splitlines()]
    # What the ledger calls running while nobody writes was interrupted.
    assert "collect interrupted not ended 5 of 12 0 rows 0 calls" in lines
    assert "Go on with: dynamodb-optima collect --resume" in lines
    assert "Inventory: 0 tables in 0 accounts and 0 regions" in lines


def _place(number: int, **columns: Any) -> Row:
    place = dict.fromkeys(
        [
            *("minutes_from_at", "minutes_to_at", "last_read_message", "denied_since_at", "left_after_at"),
            *(f"{reading}_{what}" for reading in ("minutes", "provisioned", "hours") for what in _OUTCOME),
        ]
    )
    account = {"account_id": f"{number:012d}", "account_name": f"account {number}", "account_state": "active"}
    counts = {
        "tables": 3,
        "tables_unknown": 0,
        "tables_with_gaps": 0,
        "gap_minutes": 0,
        "staleness_minutes": 0,
    }
    read = {"last_read_at": SINCE, "last_read_outcome": "read", "last_successful_read_at": SINCE}
    return {**place, **account, "region": "us-east-1", **counts, **read, **columns}


_OUTCOME = ("outcome", "problem")
_DENIED = {"denied_since_at": SINCE, "last_read_outcome": "denied"}


@pytest.mark.parametrize(
    ("columns", "standing", "trouble"),
    [
        ({}, "complete", ""),
        (_DENIED, "denied", "denied since 2026-10-31, settings of 2026-10-31"),
        ({**_DENIED, "last_successful_read_at": None}, "denied", "denied since 2026-10-31, never read"),
        ({"last_read_outcome": "failed"}, "failed", "failed on 2026-10-31, settings of 2026-10-31"),
        ({"last_read_outcome": "region not enabled"}, "failed", "its region is not enabled any more"),
        ({"last_read_outcome": "region not enabled", "tables": 0}, "complete", ""),
        ({"last_read_at": None, "last_successful_read_at": None}, "never read", "never read"),
        ({"hours_outcome": "failed"}, "with metrics that were refused", "the long memory failed"),
        ({"tables_unknown": 1}, "without metrics", "nothing collected of 1 table"),
        ({"staleness_minutes": 2880}, "complete", ""),
        ({"staleness_minutes": 2881}, "stale", "nothing newer than 2 days"),
        ({"staleness_minutes": None}, "complete", ""),
        ({"gap_minutes": 1}, "with gaps", "1 minute unknown"),
        ({**_DENIED, "account_state": "suspended"}, "suspended or closed", "suspended"),
        (
            {**_DENIED, "account_state": "left", "left_after_at": SINCE},
            *("left the organisation", "left after 2026-10-31"),
        ),
    ],
)
def test_an_account_is_as_its_worst_trouble(columns: Row, standing: str, trouble: str) -> None:
    [account] = status.accounts([_place(1, **columns)])
    assert (account["standing"], account["trouble"]) == (standing, trouble)


def test_an_account_says_in_how_many_of_its_regions() -> None:
    [account] = status.accounts(
        [_place(1, **_DENIED), _place(1, **_DENIED, region="b"), _place(1, region="c")]
    )
    assert account["trouble"] == "denied since 2026-10-31, settings of 2026-10-31 in 2 of 3 regions"


@pytest.mark.parametrize("width", [60, 200])
def test_a_thousand_accounts_fit_a_page(
    tmp_path: Path, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optima.cli.terminal._PIPED_WIDTH", width)
    places = [_place(number, **(_DENIED if number % 4 == 0 else {})) for number in range(1000)]
    tables: list[Row] = [
        {
            **{key: place[key] for key in ("account_id", "region")},
            **{"table_name": f"table-{number}", "index_name": None, "from_at": SINCE, "to_at": AS_OF},
            **{"gaps": 1, "gap_minutes": 7, "largest_gap_minutes": 7, "largest_gap_at": SINCE},
            "staleness_minutes": 0,
        }
        for place in places
        for number in range(3)
    ]
    totals = dict.fromkeys(
        [
            *("tables", "indexes", "accounts_with_tables", "regions_with_tables", "series"),
            *("prices", "price_regions", "bill_months", "bill_lines"),
        ],
        0,
    )
    overview = status.Overview("here", collected=Collected(totals=totals, places=places, tables=tables))
    session = Session("status", tmp_path, AS_OF, verbose=True)
    status.show(session, overview)
    lines = capsys.readouterr().out.splitlines()
    assert "1,000 accounts: 250 denied, 750 complete:" in lines
    assert lines.count("  and 980 more: dynamodb-optima status --format json") == 3
    # Alike tables of one place share a line.
    assert "table-0 and 2 more" in "\n".join(lines)
    assert len(lines) < 3 * (status.MOST_LINES + 3) + 15


def test_gaps_are_those_of_minutes_that_lack_a_dimension() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "attach ':memory:' as warehouse; use warehouse; create schema ops; create schema raw_dynamodb; "
            "create table ops.collection_state (operation_id varchar); "
            "create table raw_dynamodb.table_metadata "
            "(account_id varchar, region varchar, table_name varchar, _dlt_valid_to timestamptz); "
            "insert into raw_dynamodb.table_metadata values ('1', 'r', 't', null); "
            "create table ops.collected_spans (account_id varchar, region varchar, resource_name varchar, "
            "metric_name varchar, period_seconds integer, span_start timestamp, span_end timestamp)"
        )
        hours = [
            ("Read", 60, 0, 5),
            ("Read", 60, 7, 20),
            ("Write", 300, 1, 4),
            ("Write", 60, 4, 5),
            ("Write", 60, 9, 19),
        ]
        for metric, period, first, last in hours:
            span = (SINCE + timedelta(hours=first), SINCE + timedelta(hours=last))
            connection.execute(
                "insert into ops.collected_spans values ('1', 'r', 't', ?, ?, ?, ?)",
                [f"Consumed{metric}CapacityUnits", period, *span],
            )
        connection.execute("use memory")
        assert copy(connection)
        [table] = look(connection, AS_OF).tables
    assert (table["from_at"], table["to_at"]) == (SINCE + timedelta(hours=1), SINCE + timedelta(hours=19))
    assert (table["gaps"], table["gap_minutes"], table["largest_gap_minutes"]) == (1, 240, 240)
    assert (table["largest_gap_at"], table["staleness_minutes"]) == (SINCE + timedelta(hours=5), 300)
