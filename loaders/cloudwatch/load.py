"""Loading metrics: only what is not known yet, concurrently, committed in batches, exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from loaders.aws import Access, Sessions
from loaders.aws.failures import as_load_error, code_of, kind_of, sentence
from loaders.batches import Fetched, fetch_in_batches
from loaders.cloudwatch import spans
from loaders.cloudwatch.reader import UnitRead, UnitReader, points_table
from loaders.cloudwatch.series import USD_PER_QUERY, Resource, Unit, Wanted, plan
from loaders.errors import LoadError
from loaders.ledger import Operation, UnitDone, UnitPlan, recorded, utc_now
from loaders.pipeline import OpenWarehouse, Warehouse
from loaders.progress import Progress, Silent
from loaders.report import LoadReport, Problem
from loaders.schemas import METRICS

_WORKERS = 8
# The newest one to three minutes are incomplete, and would be stored so.
_SETTLING = timedelta(minutes=3)

FetchedUnit = Fetched[Unit, UnitRead]


@dataclass(frozen=True)
class Estimate:
    """What a load would ask of CloudWatch, and what AWS would charge for it."""

    units: int
    queries: int
    usd: float


def estimate(
    warehouse: Warehouse,
    *,
    start: datetime,
    end: datetime,
    now: datetime | None = None,
    regions: Sequence[str] | None = None,
    tables: Sequence[str] | None = None,
    long_memory: bool = True,
) -> Estimate:
    """Say what `load` with the same arguments would cost, without asking AWS anything.

    Raises:
        LoadError: as `load` does for its arguments and for an inventory without tables.
    """
    wanted = _wanted(start, end, now, long_memory)
    with warehouse.open() as opened:
        resources = _resources(opened.connection, regions, tables)
        units = plan(resources, spans.known(opened.connection), wanted)
    queries = sum(unit.queries for unit in units)
    return Estimate(units=len(units), queries=queries, usd=queries * USD_PER_QUERY)


def load(
    warehouse: Warehouse,
    access: Access,
    *,
    start: datetime,
    end: datetime,
    now: datetime | None = None,
    regions: Sequence[str] | None = None,
    tables: Sequence[str] | None = None,
    batch_size: int | None = None,
    resume: bool = False,
    long_memory: bool = True,
    progress: Progress | None = None,
) -> LoadReport:
    """Load the metrics of every table and index of the inventory over [start, end).

    Args:
        start, end: naive UTC instants. The last minutes before the real present are left for the next load.
        now: the instant from which CloudWatch's retention is counted back. Default: `end`.
        regions, tables: only these.
        batch_size: the most series that are fetched as one unit. Default: what their points allow.
        resume: count this as the continuation of the last load that did not complete. What is known is
            never read again, with or without it.
        long_memory: bring the hourly sums of the last 455 days up to date as well.

    Returns:
        The report; `counts` has the points loaded by period ("60", "300", "3600").

    Raises:
        LoadError: credentials, dates that make no span, or no table to read.
    """
    wanted = _wanted(start, end, now, long_memory)
    sessions = Sessions(access)
    with (
        warehouse.open() as opened,
        recorded(opened.connection, "collect", resume=resume) as (ledger, report),
    ):
        resources = _resources(opened.connection, regions, tables)
        _report_unknown_tables(resources, tables, report)
        _ = sessions.caller  # the credentials are good, or nothing begins
        units = plan(resources, spans.known(opened.connection), wanted, batch_size)
        _Collection(opened, sessions, ledger, report, progress or Silent()).read(units)
    return report


class _Collection:
    def __init__(
        self,
        opened: OpenWarehouse,
        sessions: Sessions,
        ledger: Operation,
        report: LoadReport,
        progress: Progress,
    ) -> None:
        self._opened = opened
        self._sessions = sessions
        self._ledger = ledger
        self._report = report
        self._progress = progress

    def read(self, units: Sequence[Unit]) -> None:
        """Read every unit and commit what was read."""
        self._report.units_total = len(units)
        self._report.accounts = len({unit.account_id for unit in units})
        self._progress.total(len(units))
        self._ledger.plan(
            UnitPlan(unit.name, unit.reading.name, unit.account_id, unit.region, unit.period, *unit.span)
            for unit in units
        )
        now = utc_now()

        def fetch(unit: Unit) -> UnitRead:
            client = self._sessions.client("cloudwatch", account_id=unit.account_id, region=unit.region)
            return UnitReader(client, unit, now=now).read()

        for batch in fetch_in_batches(
            units,
            fetch,
            workers=_WORKERS,
            size=lambda read: read.rows,
            on_fetched=lambda fetched: self._progress.advance(1, fetched.unit.name),
        ):
            self._commit(batch)

    def _commit(self, batch: Sequence[FetchedUnit]) -> None:
        """Write a batch so that whatever is interrupted leaves unknown minutes, never zeros or duplicates.

        The spans are withdrawn, the rows in them deleted, the new rows appended, the spans entered, and the
        ledger marked, in that order.
        """
        good = [(fetched.unit, fetched.result) for fetched in batch if fetched.result is not None]
        connection = self._opened.connection
        if good:
            units = [unit for unit, _ in good]
            operation_id = self._ledger.operation_id
            spans.withdraw(connection, units, operation_id)
            spans.delete_rows(connection, units)
            points = [points_table(read, unit) for unit, read in good if read.rows]
            if points:
                self._opened.load((METRICS, points))
            spans.enter(connection, [span for _, read in good for span in read.spans], operation_id)
            self._ledger.done(UnitDone(unit.name, read.rows, read.calls) for unit, read in good)
        for _, read in good:
            self._report.rows += read.rows
            self._report.calls += read.calls
            self._report.units_done += 1
            for series in read.points:
                self._report.counts[str(series.period)] += len(series.values)
        for fetched in batch:
            if fetched.error is not None:
                self._failed(fetched.unit, fetched.error)

    def _failed(self, unit: Unit, error: Exception) -> None:
        if kind_of(error) == "credentials" and "Expired" in code_of(error):
            raise as_load_error(error, unit.name)
        place = f"{unit.account_id} in {unit.region}"
        message = sentence(error, f"The metrics of account {place} could not be read")
        self._ledger.failed(unit.name, message)
        self._report.add_problem(Problem(unit.account_id, unit.region, "metrics", message))


def _wanted(start: datetime, end: datetime, now: datetime | None, long_memory: bool) -> Wanted:
    """Check the dates and leave out the minutes that are not settled yet.

    Raises:
        LoadError: nothing lies between them.
    """
    if start >= end:
        raise LoadError(
            f"The span from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} holds no time: give a start "
            "before the end."
        )
    settled = min(end, utc_now() - _SETTLING)
    if start >= settled:
        raise LoadError(
            f"The span begins at {start:%Y-%m-%d %H:%M} UTC, of which CloudWatch has nothing yet: give an "
            "earlier start."
        )
    return Wanted(start=start, end=settled, clock=now or end, long_memory=long_memory)


def _resources(
    connection: duckdb.DuckDBPyConnection, regions: Sequence[str] | None, tables: Sequence[str] | None
) -> list[Resource]:
    """Return the tables and indexes of the last inventory, each table before its indexes.

    Raises:
        LoadError: the inventory was never read, or has nothing of what was asked for.
    """
    rows = connection.execute(
        """
        select account_id, region, table_name, null as gsi_name, billing_mode, created_at
        from raw_dynamodb.table_metadata where _dlt_valid_to is null
        union all
        select account_id, region, table_name, gsi_name, billing_mode, created_at
        from raw_dynamodb.gsi_metadata as indexes
        join raw_dynamodb.table_metadata as tables using (account_id, region, table_name)
        where indexes._dlt_valid_to is null and tables._dlt_valid_to is null
        order by all
        """
    ).fetchall()
    if not rows:
        raise LoadError("No DynamoDB table is known: run `dynamodb-optima discover` first.")
    found = [
        Resource(account_id, region, table, index, mode != "PAY_PER_REQUEST", created_at)
        for account_id, region, table, index, mode, created_at in rows
        if (regions is None or region in regions) and (tables is None or table in tables)
    ]
    if not found:
        raise LoadError(
            "None of the known tables is among the tables and regions asked for: check the names, or run "
            "`dynamodb-optima discover` again."
        )
    return found


def _report_unknown_tables(
    resources: Sequence[Resource], tables: Sequence[str] | None, report: LoadReport
) -> None:
    for name in sorted(set(tables or ()) - {resource.table_name for resource in resources}):
        report.add_problem(
            Problem(None, None, name, f"No table called {name} is known: it was left out.", "table")
        )
