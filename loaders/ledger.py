"""The ledger of loads: which operation ran, which units of work it did, and how it ended.

A unit is marked done only after its rows are in the warehouse. What decides that something need not be read
again is what is known (spans of metrics, months of billing), not the ledger; the ledger lets an interrupted
load go on where it stopped, and shows a person what happened.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import duckdb

from loaders.report import LoadReport

Kind = Literal["organization", "inventory", "minutes", "capacity", "memory", "prices", "bill"]
Unread = Literal["failed", "denied", "skipped"]


def utc_now() -> datetime:
    """Return the present as a naive UTC instant."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class UnitPlan:
    """A unit of work that is about to be done: its name, and what it covers as far as that applies.

    `span_start` and `span_end` are naive UTC instants, [start, end).
    """

    name: str
    kind: Kind
    account_id: str | None = None
    region: str | None = None
    period_seconds: int | None = None
    span_start: datetime | None = None
    span_end: datetime | None = None


@dataclass(frozen=True)
class UnitDone:
    """What one finished unit of work amounted to.

    `bytes` were received from AWS; `started_at` is the naive UTC instant at which its fetch began.
    """

    unit: str
    rows: int = 0
    calls: int = 0
    bytes: int = 0
    started_at: datetime | None = None


class Operation:
    """One run of a load, in `ops.collection_state` and `ops.checkpoints`.

    `arguments` are what it was asked for: of a resumed one, what it was asked for when it began.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        operation: str,
        operation_id: str,
        *,
        arguments: Mapping[str, Any],
        is_resumed: bool,
    ) -> None:
        self._connection = connection
        self._started = utc_now()
        self.operation = operation
        self.operation_id = operation_id
        self.arguments = dict(arguments)
        self.is_resumed = is_resumed

    @classmethod
    def begin(
        cls,
        connection: duckdb.DuckDBPyConnection,
        operation: str,
        *,
        resume: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> Operation:
        """Start an operation, or with `resume` go on with the last one of its kind that did not complete.

        Whoever holds the warehouse is alone, so an operation that the ledger still calls running died.

        Args:
            arguments: what the operation is asked for, as JSON can say it; instants and dates become text.
        """
        _close_interrupted(connection)
        unfinished = _unfinished(connection, operation) if resume else None
        if unfinished is not None:
            operation_id, asked = unfinished
            connection.execute(
                "update ops.collection_state set status = 'running', ended_at = null, message = null "
                "where operation_id = ?",
                [operation_id],
            )
            return cls(
                connection, operation, operation_id, arguments=json.loads(asked or "{}"), is_resumed=True
            )
        now = utc_now()
        # Sorts by time, so that the greatest of several operations is the newest.
        operation_id = f"{now:%Y%m%dT%H%M%S.%f}-{secrets.token_hex(3)}"
        asked = json.dumps(dict(arguments or {}), sort_keys=True, default=_as_text)
        connection.execute(
            "insert into ops.collection_state (operation_id, operation, status, started_at, arguments) "
            "values (?, ?, 'running', ?, ?)",
            [operation_id, operation, now, asked],
        )
        return cls(connection, operation, operation_id, arguments=json.loads(asked), is_resumed=False)

    def called_by(self, account_id: str) -> None:
        """Enter whose credentials the operation uses."""
        self._connection.execute(
            "update ops.collection_state set caller_account_id = ? where operation_id = ?",
            [account_id, self.operation_id],
        )

    def units_done(self) -> set[str]:
        """Return the units that this operation has finished, in an earlier run if it was resumed."""
        found = self._connection.execute(
            "select unit from ops.checkpoints where operation_id = ? and status = 'done'", [self.operation_id]
        ).fetchall()
        return {unit for (unit,) in found}

    def plan(self, units: Iterable[UnitPlan]) -> None:
        """Enter units that are about to be done; those already entered count one more attempt."""
        planned = list(units)
        self._connection.execute(
            "insert into ops.checkpoints by name "
            "select $operation_id as operation_id, unnest($units::varchar[]) as unit, 'pending' as status, "
            "1 as attempts, unnest($kinds::varchar[]) as kind, unnest($accounts::varchar[]) as account_id, "
            "unnest($regions::varchar[]) as region, unnest($periods::integer[]) as period_seconds, "
            "unnest($starts::timestamp[]) as span_start, unnest($ends::timestamp[]) as span_end "
            "on conflict (operation_id, unit) do update set "
            "status = 'pending', attempts = attempts + 1, started_at = null, ended_at = null, error = null",
            {
                "operation_id": self.operation_id,
                "units": [unit.name for unit in planned],
                "kinds": [unit.kind for unit in planned],
                "accounts": [unit.account_id for unit in planned],
                "regions": [unit.region for unit in planned],
                "periods": [unit.period_seconds for unit in planned],
                "starts": [unit.span_start for unit in planned],
                "ends": [unit.span_end for unit in planned],
            },
        )

    def supersede(self, planned: Iterable[str]) -> None:
        """Close what an earlier run of this operation left open and what is not among the units planned now.

        It was written but not marked, or its work is part of those. For loads that plan by what is known.
        """
        self._connection.execute(
            "update ops.checkpoints set status = 'done', ended_at = $now::timestamp, error = null "
            "where operation_id = $operation_id and status <> 'done' "
            "and unit not in (select unnest($planned::varchar[]))",
            {"now": utc_now(), "operation_id": self.operation_id, "planned": list(planned)},
        )

    def done(self, units: Iterable[UnitDone]) -> None:
        """Mark units done. Their rows are in the warehouse."""
        finished = list(units)
        self._connection.execute(
            "update ops.checkpoints as checkpoint set status = 'done', rows_loaded = finished.row_count, "
            "calls = finished.call_count, bytes = finished.byte_count, started_at = finished.began_at, "
            "ended_at = $now::timestamp, error = null "
            "from (select unnest($units::varchar[]) as unit, unnest($rows::bigint[]) as row_count, "
            "unnest($calls::bigint[]) as call_count, unnest($bytes::bigint[]) as byte_count, "
            "unnest($began::timestamp[]) as began_at) as finished "
            "where checkpoint.operation_id = $operation_id and checkpoint.unit = finished.unit",
            {
                "now": utc_now(),
                "units": [done.unit for done in finished],
                "rows": [done.rows for done in finished],
                "calls": [done.calls for done in finished],
                "bytes": [done.bytes for done in finished],
                "began": [done.started_at for done in finished],
                "operation_id": self.operation_id,
            },
        )

    def failed(self, unit_name: str, error: str, status: Unread = "failed") -> None:
        """Mark a unit that was not read, and why: it failed, access was denied, or it was left out."""
        self._connection.execute(
            "update ops.checkpoints set status = ?, ended_at = ?, error = ? "
            "where operation_id = ? and unit = ?",
            [status, utc_now(), error, self.operation_id, unit_name],
        )

    def units_failed(self) -> int:
        """Return how many units failed or were denied."""
        found = self._connection.execute(
            "select count(*) from ops.checkpoints where operation_id = ? and status in ('failed', 'denied')",
            [self.operation_id],
        ).fetchone()
        return found[0] if found else 0

    def close(self, report: LoadReport, message: str | None) -> None:
        """Enter how the operation ended, as its report says; what earlier runs of it brought is added to."""
        now = utc_now()
        report.seconds = (now - self._started).total_seconds()
        self._connection.execute(
            "update ops.collection_state set status = ?, ended_at = ?, units_total = ?, units_done = ?, "
            "rows_loaded = coalesce(rows_loaded, 0) + ?, calls = coalesce(calls, 0) + ?, "
            "bytes_loaded = coalesce(bytes_loaded, 0) + ?, usd = coalesce(usd, 0) + ?, message = ? "
            "where operation_id = ?",
            [
                report.status,
                now,
                report.units_total,
                report.units_done,
                report.rows,
                report.calls,
                report.bytes,
                report.usd,
                message,
                self.operation_id,
            ],
        )


def _close_interrupted(connection: duckdb.DuckDBPyConnection) -> None:
    """Enter of operations that died what their finished units amount to."""
    connection.execute(
        "update ops.collection_state as died set status = 'failed', message = 'It was interrupted.', "
        "units_total = units.total, units_done = units.done, rows_loaded = units.row_count, "
        "calls = units.call_count, bytes_loaded = units.byte_count "
        "from (select operation_id, count(unit) as total, count(unit) filter (checkpoint.status = 'done') "
        "as done, coalesce(sum(checkpoint.rows_loaded), 0) as row_count, "
        "coalesce(sum(checkpoint.calls), 0) as call_count, coalesce(sum(bytes), 0) as byte_count "
        "from ops.collection_state left join ops.checkpoints as checkpoint using (operation_id) "
        "where collection_state.status = 'running' group by operation_id) as units "
        "where died.operation_id = units.operation_id"
    )


def _unfinished(connection: duckdb.DuckDBPyConnection, operation: str) -> tuple[str, str | None] | None:
    """Return id and arguments of the last operation of a kind, if it did not complete."""
    last = connection.execute(
        "select operation_id, arguments, status from ops.collection_state where operation = ? "
        "order by started_at desc, operation_id desc limit 1",
        [operation],
    ).fetchone()
    return (last[0], last[1]) if last and last[2] != "complete" else None


def _as_text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"the ledger cannot keep {value!r} as an argument")


@contextmanager
def recorded(
    connection: duckdb.DuckDBPyConnection,
    operation: str,
    *,
    resume: bool = False,
    arguments: Mapping[str, Any] | None = None,
) -> Iterator[tuple[Operation, LoadReport]]:
    """Run a load under the ledger's eyes, and close its operation whatever happens.

    It ends complete; partial, if something is missing; failed, if nothing that was due could be read, or when
    something is raised.
    """
    ledger = Operation.begin(connection, operation, resume=resume, arguments=arguments)
    report = LoadReport(operation_id=ledger.operation_id, operation=operation)
    if resume and not ledger.is_resumed:
        report.notes.append("There was nothing to resume, so what is due is loaded.")
    try:
        yield ledger, report
    except BaseException as error:
        report.status = "failed"
        with suppress(duckdb.Error):  # the warehouse itself may be what failed; the first error is the news
            report.units_failed = ledger.units_failed()
            ledger.close(report, str(error).splitlines()[0] if str(error) else type(error).__name__)
        raise
    report.units_failed = ledger.units_failed()
    if any(problem.is_missing for problem in report.problems):
        nothing = report.units_total > 0 and report.units_done == 0
        report.status = "failed" if nothing else "partial"
    ledger.close(report, report.summary)
