"""The ledger of loads: which operation ran, which units of work it did, and how it ended.

A unit is marked done only after its rows are in the warehouse. What decides that something need not be read
again is what is known (spans of metrics, months of billing), not the ledger; the ledger lets an interrupted
inventory go on where it stopped, and shows a person what happened.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from loaders.report import LoadReport


def utc_now() -> datetime:
    """Return the present as a naive UTC instant."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class UnitDone:
    """What one finished unit of work amounted to."""

    unit: str
    rows: int = 0
    calls: int = 0


class Operation:
    """One run of a load, in `ops.collection_state` and `ops.checkpoints`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, operation: str, operation_id: str) -> None:
        self._connection = connection
        self._started = utc_now()
        self.operation = operation
        self.operation_id = operation_id

    @classmethod
    def begin(
        cls, connection: duckdb.DuckDBPyConnection, operation: str, *, resume: bool = False
    ) -> Operation:
        """Start an operation, or with `resume` go on with the last one of its kind that did not complete.

        Whoever holds the warehouse is alone, so an operation that the ledger still calls running died.
        """
        connection.execute(
            "update ops.collection_state set status = 'failed', message = 'It was interrupted.' "
            "where status = 'running'"
        )
        unfinished = None
        if resume:
            last = connection.execute(
                "select operation_id, status from ops.collection_state where operation = ? "
                "order by started_at desc, operation_id desc limit 1",
                [operation],
            ).fetchone()
            unfinished = last[0] if last and last[1] != "complete" else None
        now = utc_now()
        if unfinished is not None:
            connection.execute(
                "update ops.collection_state set status = 'running', ended_at = null, message = null "
                "where operation_id = ?",
                [unfinished],
            )
            return cls(connection, operation, unfinished)
        # Sorts by time, so that the greatest of several operations is the newest.
        operation_id = f"{now:%Y%m%dT%H%M%S.%f}-{secrets.token_hex(3)}"
        connection.execute(
            "insert into ops.collection_state (operation_id, operation, status, started_at) "
            "values (?, ?, 'running', ?)",
            [operation_id, operation, now],
        )
        return cls(connection, operation, operation_id)

    def units_done(self) -> set[str]:
        """Return the units that this operation has finished, in an earlier run if it was resumed."""
        found = self._connection.execute(
            "select unit from ops.checkpoints where operation_id = ? and status = 'done'", [self.operation_id]
        ).fetchall()
        return {unit for (unit,) in found}

    def plan(self, units: Iterable[str]) -> None:
        """Enter units that are about to be done; those already entered count one more attempt."""
        self._connection.execute(
            "insert into ops.checkpoints (operation_id, unit, status, attempts, started_at) "
            "select ?, unnest(?::varchar[]), 'pending', 1, ?::timestamp on conflict (operation_id, unit) "
            "do update set status = 'pending', attempts = attempts + 1, error = null",
            [self.operation_id, list(units), utc_now()],
        )

    def done(self, units: Iterable[UnitDone]) -> None:
        """Mark units done. Their rows are in the warehouse."""
        finished = list(units)
        self._connection.execute(
            "update ops.checkpoints as checkpoint set status = 'done', rows_loaded = finished.row_count, "
            "calls = finished.call_count, ended_at = $now::timestamp, error = null "
            "from (select unnest($units::varchar[]) as unit, unnest($rows::bigint[]) as row_count, "
            "unnest($calls::bigint[]) as call_count) as finished "
            "where checkpoint.operation_id = $operation_id and checkpoint.unit = finished.unit",
            {
                "now": utc_now(),
                "units": [done.unit for done in finished],
                "rows": [done.rows for done in finished],
                "calls": [done.calls for done in finished],
                "operation_id": self.operation_id,
            },
        )

    def failed(self, unit: str, error: str) -> None:
        """Mark a unit that could not be read, and why."""
        self._connection.execute(
            "update ops.checkpoints set status = 'failed', ended_at = ?, error = ? "
            "where operation_id = ? and unit = ?",
            [utc_now(), error, self.operation_id, unit],
        )

    def close(self, report: LoadReport, message: str | None) -> None:
        """Enter how the operation ended, as its report says."""
        now = utc_now()
        report.seconds = (now - self._started).total_seconds()
        self._connection.execute(
            "update ops.collection_state set status = ?, ended_at = ?, units_total = ?, units_done = ?, "
            "rows_loaded = ?, calls = ?, message = ? where operation_id = ?",
            [
                report.status,
                now,
                report.units_total,
                report.units_done,
                report.rows,
                report.calls,
                message,
                self.operation_id,
            ],
        )


@contextmanager
def recorded(
    connection: duckdb.DuckDBPyConnection, operation: str, *, resume: bool = False
) -> Iterator[tuple[Operation, LoadReport]]:
    """Run a load under the ledger's eyes, and close its operation whatever happens.

    It ends complete, partial as soon as its report has a problem, or failed when something is raised.
    """
    ledger = Operation.begin(connection, operation, resume=resume)
    report = LoadReport(operation_id=ledger.operation_id, operation=operation)
    try:
        yield ledger, report
    except BaseException as error:
        report.status = "failed"
        with suppress(duckdb.Error):  # the warehouse itself may be what failed; the first error is the news
            ledger.close(report, str(error).splitlines()[0] if str(error) else type(error).__name__)
        raise
    report.status = "partial" if report.problems else "complete"
    ledger.close(report, report.summary)
