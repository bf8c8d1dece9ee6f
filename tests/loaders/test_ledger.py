"""The ledger: what it keeps of operations and units, and workspaces that an older version made."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, datetime

import duckdb
import pytest
from loading import query

from loaders.ledger import Operation, UnitDone, UnitPlan, recorded
from loaders.pipeline import Warehouse
from loaders.report import LoadReport, Problem

UNITS = (
    "select unit, status, attempts, rows_loaded, calls, bytes, started_at from ops.checkpoints order by unit"
)
ENDED = (
    "select status, units_total, units_done, rows_loaded, calls, bytes_loaded, usd, message "
    "from ops.collection_state order by started_at"
)


def plans(*names: str) -> list[UnitPlan]:
    return [UnitPlan(name, "prices", region=name) for name in names]


def test_a_unit_keeps_what_it_covers_and_what_it_amounted_to(warehouse: Warehouse) -> None:
    began = datetime(2026, 11, 1, 6)
    unit = UnitPlan(
        "u", "minutes", "012345678901", "eu-west-1", 60, datetime(2026, 10, 1), datetime(2026, 10, 2)
    )
    with warehouse.open() as opened, recorded(opened.connection, "collect") as (ledger, _):
        ledger.plan([unit, *plans("denied", "failed", "left out", "waiting")])
        ledger.done([UnitDone("u", rows=7, calls=2, bytes=900, started_at=began)])
        ledger.failed("denied", "No access.", "denied")
        ledger.failed("failed", "It broke.")
        ledger.failed("left out", "Its month failed.", "skipped")
        assert ledger.units_done() == {"u"}
        assert ledger.units_failed() == 2
    assert query(
        warehouse,
        "select kind, account_id, region, period_seconds, span_start, span_end, rows_loaded, calls, bytes, "
        "started_at from ops.checkpoints where unit = 'u'",
    ) == [
        (
            "minutes",
            "012345678901",
            "eu-west-1",
            60,
            datetime(2026, 10, 1),
            datetime(2026, 10, 2),
            7,
            2,
            900,
            began,
        )
    ]
    assert query(
        warehouse, "select unit, status, error from ops.checkpoints where unit <> 'u' order by 1"
    ) == [
        ("denied", "denied", "No access."),
        ("failed", "failed", "It broke."),
        ("left out", "skipped", "Its month failed."),
        ("waiting", "pending", None),
    ]


def test_a_resumed_operation_knows_what_it_was_asked_for_and_adds_up(warehouse: Warehouse) -> None:
    asked = {
        "regions": ["us-east-1"],
        "start": datetime(2026, 10, 1),
        "end": date(2026, 10, 2),
        "tables": None,
    }
    with warehouse.open() as opened:
        with (
            suppress(KeyboardInterrupt),
            recorded(opened.connection, "collect", arguments=asked) as (first, report),
        ):
            first.called_by("123456789012")
            first.plan(plans("a", "b"))
            first.done([UnitDone("a", rows=3, calls=1, bytes=10)])
            report.rows, report.calls, report.bytes, report.usd = 3, 1, 10, 0.25
            raise KeyboardInterrupt
        with recorded(opened.connection, "collect", resume=True, arguments={"regions": ["other"]}) as (
            again,
            report,
        ):
            assert again.is_resumed
            assert report.notes == []
            assert again.operation_id == first.operation_id
            assert again.arguments == first.arguments
            assert again.units_done() == {"a"}
            again.plan(plans("b"))
            again.done([UnitDone("b", rows=4, calls=2, bytes=20)])
            report.rows, report.calls, report.bytes, report.usd = 4, 2, 20, 0.5
            report.units_total = report.units_done = 2
    assert first.arguments == {
        "regions": ["us-east-1"],
        "start": "2026-10-01T00:00:00",
        "end": "2026-10-02",
        "tables": None,
    }
    assert query(warehouse, ENDED) == [("complete", 2, 2, 7, 3, 30, 0.75, None)]
    assert query(warehouse, UNITS) == [("a", "done", 1, 3, 1, 10, None), ("b", "done", 2, 4, 2, 20, None)]
    assert query(warehouse, "select caller_account_id, arguments from ops.collection_state") == [
        ("123456789012", json.dumps(first.arguments, sort_keys=True))
    ]


def test_nothing_to_resume_is_noted_and_begins_anew(warehouse: Warehouse) -> None:
    with warehouse.open() as opened:
        for _ in range(2):
            with recorded(opened.connection, "collect", resume=True, arguments={"days": 1}) as (
                ledger,
                report,
            ):
                assert not ledger.is_resumed
                assert ledger.arguments == {"days": 1}
                assert report.notes == ["There was nothing to resume, so what is due is loaded."]
        Operation.begin(opened.connection, "discover")
        Operation.begin(opened.connection, "collect")
        assert Operation.begin(opened.connection, "discover", resume=True).is_resumed
    assert len(query(warehouse, ENDED)) == 4


def test_a_killed_operation_is_closed_with_what_its_units_brought(warehouse: Warehouse) -> None:
    with warehouse.open() as opened:
        killed = Operation.begin(opened.connection, "collect-pricing")
        killed.plan(plans("a", "b", "c"))
        killed.done([UnitDone("a", rows=3, calls=1, bytes=10), UnitDone("b", rows=2, calls=1, bytes=5)])
        Operation.begin(opened.connection, "discover")
        Operation.begin(opened.connection, "collect-cur")
    assert query(warehouse, ENDED) == [
        ("failed", 3, 2, 5, 2, 15, None, "It was interrupted."),
        ("failed", 0, 0, 0, 0, 0, None, "It was interrupted."),
        ("running", None, None, None, None, None, None, None),
    ]


def test_an_argument_that_the_ledger_cannot_keep_is_refused(warehouse: Warehouse) -> None:
    with warehouse.open() as opened, pytest.raises(TypeError, match="cannot keep"):
        Operation.begin(opened.connection, "collect", arguments={"session": object()})


@pytest.mark.parametrize(
    ("problems", "done", "status", "outcome"),
    [
        ([], 0, "complete", "complete"),
        ([Problem("1", None, "account", "x")], 1, "partial", "complete but for 1 account"),
        ([Problem("1", None, "account", "x")], 0, "failed", "failed"),
        ([Problem("1", None, "other", "An export was left out.", "nothing")], 1, "complete", "complete"),
        (
            [
                Problem("1", "a", "tags", "t"),
                Problem("1", "a", "tables", "r"),
                Problem("2", "a", "tables", "s"),
                Problem("2", "a", "tables", "the same region for another reason"),
                Problem("2", "b", "metrics", "t"),
                Problem("3", None, "account", "x"),
                Problem("4", None, "account", "x"),
                Problem("5", "a", "bill", "m", "month"),
                Problem(None, None, "orders", "n", "table"),
            ],
            1,
            "partial",
            "complete but for 2 accounts, 3 regions in 2 accounts, 1 month, 1 table, 1 setting",
        ),
    ],
)
def test_the_outcome_counts_what_is_missing(
    warehouse: Warehouse, problems: list[Problem], done: int, status: str, outcome: str
) -> None:
    with warehouse.open() as opened, recorded(opened.connection, "discover") as (_, report):
        report.units_total, report.units_done = 2, done
        for problem in problems:
            report.add_problem(problem)
    assert (report.status, report.outcome) == (status, outcome)
    assert query(warehouse, "select status from ops.collection_state") == [(status,)]


def test_a_report_by_itself_is_complete() -> None:
    assert LoadReport("id", "collect").outcome == "complete"


ADDED = {
    "ops.collection_state": ["arguments", "bytes_loaded", "usd", "caller_account_id"],
    "ops.checkpoints": ["kind", "account_id", "region", "period_seconds", "span_start", "span_end"],
    "ops.inventory_reads": ["read_by"],
}


def test_a_workspace_of_an_older_version_gets_the_columns_it_lacks(warehouse: Warehouse) -> None:
    def columns() -> list[tuple[object, ...]]:
        return query(
            warehouse,
            "select schema_name, table_name, column_name, data_type from duckdb_columns() where not internal "
            "order by all",
        )

    declared = columns()
    with duckdb.connect(str(warehouse.path)) as connection:
        for table, added in ADDED.items():
            left = f"create or replace temp table kept as select * exclude ({', '.join(added)}) from {table}"
            connection.execute(left)
            connection.execute(f"drop table {table}")
            connection.execute(f"create table {table} as from kept")
        connection.execute(
            "insert into ops.collection_state by name select 'old' as operation_id, "
            "'collect' as operation, 'complete' as status, timestamp '2026-10-01' as started_at"
        )
    assert columns() != declared
    with warehouse.open() as opened:
        Operation.begin(opened.connection, "collect", arguments={"days": 1})
    assert columns() == declared
    assert query(
        warehouse, "select operation_id, arguments from ops.collection_state where operation_id = 'old'"
    ) == [("old", None)]
