"""Loading metrics: only what is not known yet, concurrently, committed in batches, exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import duckdb

from loaders.aws import Access, Sessions
from loaders.aws.failures import AWS_ERRORS, kind_of, sentence, status_of
from loaders.batches import Fetched, fetch_in_batches
from loaders.cloudwatch import estimate as estimates
from loaders.cloudwatch import spans
from loaders.cloudwatch.estimate import Estimate
from loaders.cloudwatch.pacing import Pacers
from loaders.cloudwatch.reader import UnitRead, UnitReader, points_table
from loaders.cloudwatch.resources import Selection, select
from loaders.cloudwatch.series import READINGS, USD_PER_QUERY, Unit, Wanted, known_queries, plan
from loaders.cloudwatch.spending import Allowance, Budget
from loaders.errors import LoadError
from loaders.ledger import Operation, UnitDone, UnitPlan, recorded
from loaders.pipeline import OpenWarehouse, Warehouse
from loaders.progress import Progress, Silent
from loaders.report import LoadReport, Problem
from loaders.schemas import METRICS

# The newest one to three minutes are incomplete, and would be stored so.
_SETTLING = timedelta(minutes=3)
# Of a small budget no unit takes more than such a part, so that little of it stays unspent.
_UNITS_OF_A_BUDGET = 8

FetchedUnit = Fetched[Unit, UnitRead]


@dataclass(frozen=True)
class Asked:
    """What a load is asked for: naive UTC instants [start, end), only these regions and tables."""

    start: datetime
    end: datetime
    regions: Sequence[str] | None = None
    tables: Sequence[str] | None = None
    long_memory: bool = True

    def arguments(self) -> dict[str, Any]:
        """Return it as the ledger keeps it."""
        return {
            "start": self.start,
            "end": self.end,
            "regions": None if self.regions is None else list(self.regions),
            "tables": None if self.tables is None else list(self.tables),
            "long_memory": self.long_memory,
        }

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Asked:
        """Read what the ledger kept."""
        instants = {name: datetime.fromisoformat(arguments[name]) for name in ("start", "end")}
        return cls(**{**arguments, **instants})


@dataclass(frozen=True)
class _Due:
    """What is to be read, and what is known about it before it is."""

    selection: Selection
    units: list[Unit]
    estimate: Estimate


def estimate(
    warehouse: Warehouse,
    access: Access,
    *,
    start: datetime,
    end: datetime,
    now: datetime | None = None,
    regions: Sequence[str] | None = None,
    tables: Sequence[str] | None = None,
    long_memory: bool = True,
    max_usd: float | None = None,
) -> Estimate:
    """Say what `load` with the same arguments would ask of CloudWatch, without asking it anything.

    Raises:
        LoadError: as `load` does for credentials, its arguments and an inventory without tables.
    """
    asked = Asked(start, end, regions, tables, long_memory)
    _check_dates(asked)
    sessions = Sessions(access)
    with warehouse.open() as opened:
        return _due(opened.connection, sessions, asked, now=now, max_usd=max_usd).estimate


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
    max_usd: float | None = None,
    announce: Callable[[Estimate], None] | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Load the metrics of every table and index of the inventory over [start, end).

    Args:
        start, end: naive UTC instants. The last minutes before the real present are left for the next load.
        now: the instant from which CloudWatch's retention is counted back. Default: `end`.
        regions, tables: only these.
        batch_size: the most series that are fetched as one unit. Default: what their points allow.
        resume: go on with the last load that did not complete: over its span, with its regions and tables.
            Without one, load what is asked for. What is known is never read again, with or without it.
        long_memory: bring the hourly sums of the last 455 days up to date as well.
        max_usd: stop before AWS charges more. What was read until then is known.
        announce: told what will be asked and charged, before it is.

    Returns:
        The report; `counts` has the points loaded by period ("60", "300", "3600").

    Raises:
        LoadError: credentials, dates that make no span, or no table to read.
    """
    asked = Asked(start, end, regions, tables, long_memory)
    _check_dates(asked)
    sessions = Sessions(access)
    # Until when points are settled is part of what is asked for: a resumed load must not ask for more.
    asked = replace(asked, end=_settled(end, sessions.now()))
    arguments = asked.arguments()
    with (
        warehouse.open() as opened,
        recorded(opened.connection, "collect", resume=resume, arguments=arguments) as (ledger, report),
    ):
        ledger.called_by(sessions.caller.account_id)
        if ledger.is_resumed and ledger.arguments:
            asked = Asked.of(ledger.arguments)
            report.notes.append(_what_is_resumed(asked))
        due = _due(opened.connection, sessions, asked, now=now, batch_size=batch_size, max_usd=max_usd)
        if due.selection.left_out is not None:
            report.notes.append(due.selection.left_out)
        for name in due.selection.unknown_tables:
            said = f"No table called {name} is known: it was left out."
            report.add_problem(Problem(None, None, name, said, "table"))
        if announce is not None:
            announce(due.estimate)
        collection = _Collection(opened, sessions, ledger, report, progress or Silent(), Budget.of(max_usd))
        collection.read(due.units)
    return report


def _due(
    connection: duckdb.DuckDBPyConnection,
    sessions: Sessions,
    asked: Asked,
    *,
    now: datetime | None,
    batch_size: int | None = None,
    max_usd: float | None = None,
) -> _Due:
    present = sessions.now()
    wanted = _wanted(asked, clock=now or asked.end, present=present)
    selection = select(
        connection, caller=sessions.caller.account_id, regions=asked.regions, tables=asked.tables
    )
    if max_usd is not None:
        affordable = max(1, int(max_usd / USD_PER_QUERY) // _UNITS_OF_A_BUDGET)
        batch_size = min(batch_size or affordable, affordable)
    units = plan(selection.resources, spans.known(connection), wanted, batch_size)
    seconds, is_assumed = estimates.seconds(connection, units, sessions.access.concurrency)
    expected = Estimate(
        start=wanted.start,
        end=wanted.end,
        resources=len(selection.resources),
        parts=estimates.parts(units, present),
        known_queries=known_queries(selection.resources, wanted, units),
        seconds=seconds,
        is_assumed=is_assumed,
        max_usd=max_usd,
        left_out=selection.left_out,
    )
    return _Due(selection, units, expected)


@dataclass
class _Trouble:
    """What went wrong with the metrics of one account and region, however many units met it."""

    said: str
    unanswered: Counter[str] = field(default_factory=Counter)


class _Collection:
    def __init__(
        self,
        opened: OpenWarehouse,
        sessions: Sessions,
        ledger: Operation,
        report: LoadReport,
        progress: Progress,
        budget: Budget,
    ) -> None:
        self._opened = opened
        self._sessions = sessions
        self._ledger = ledger
        self._report = report
        self._progress = progress
        self._budget = budget
        self._pacers = Pacers()
        self._now = sessions.now()
        # Refusals by account and region, with region None where it is the account's role that was refused.
        self._refusals: dict[tuple[str, str | None], Exception] = {}
        self._troubles: dict[tuple[str, str | None], _Trouble] = {}

    def read(self, units: Sequence[Unit]) -> None:
        """Read every unit that may be paid for and commit what was read."""
        self._report.units_total = len(units)
        self._report.accounts = len({unit.account_id for unit in units})
        self._progress.total(len(units))
        self._ledger.supersede(unit.name for unit in units)
        self._ledger.plan(
            UnitPlan(unit.name, unit.reading.name, unit.account_id, unit.region, unit.period, *unit.span)
            for unit in units
        )
        try:
            # What was set aside for a unit and not needed may pay for others, so they get another chance.
            left, before = self._read_affordable(units), len(units)
            while left and len(left) < before:
                left, before = self._read_affordable(left), len(left)
        finally:
            self._count_spending()
            self._report_troubles()
        self._leave(left)

    def _read_affordable(self, units: Sequence[Unit]) -> Sequence[Unit]:
        """Read units in their order, up to the first that is too dear. Returns those that were not read."""
        allowances: dict[str, Allowance] = {}
        for unit in units:
            allowance = self._budget.reserve(unit.queries_at_most(self._now))
            if allowance is None:
                break
            allowances[unit.name] = allowance

        def fetch(unit: Unit) -> UnitRead:
            return self._fetch(unit, allowances[unit.name])

        for batch in fetch_in_batches(
            units[: len(allowances)],
            fetch,
            workers=self._sessions.access.concurrency,
            size=lambda read: read.rows,
            expected=lambda unit: unit.points,
            on_fetched=lambda fetched: self._progress.advance(1, fetched.unit.name),
        ):
            self._commit(batch)
        return units[len(allowances) :]

    def _fetch(self, unit: Unit, allowance: Allowance) -> UnitRead:
        """Read one unit.

        Raises:
            ClientError, BotoCoreError: AWS refused it, or refused the same account and region before.
        """
        place: tuple[str, str | None] = (unit.account_id, None)
        for refused in (place, (unit.account_id, unit.region)):
            if refused in self._refusals:
                allowance.close()
                raise self._refusals[refused]
        try:
            client = self._sessions.client("cloudwatch", account_id=unit.account_id, region=unit.region)
            place = (unit.account_id, unit.region)
            pacer = self._pacers.of(unit.account_id, unit.region)
            # A collection may last for days, while CloudWatch forgets.
            now = self._sessions.now()
            return UnitReader(client, unit, now=now, pacer=pacer, allowance=allowance).read()
        except AWS_ERRORS as error:
            if kind_of(error) == "denied":
                self._refusals[place] = error
            raise
        finally:
            allowance.close()

    def _commit(self, batch: Sequence[FetchedUnit]) -> None:
        """Write a batch so that whatever is interrupted leaves unknown minutes, never zeros or duplicates.

        The spans are withdrawn, the rows in them deleted, the new rows appended, the spans entered, and the
        ledger marked, in that order.
        """
        good = [(fetched, fetched.result) for fetched in batch if fetched.result is not None]
        connection = self._opened.connection
        if good:
            units = [_answered(fetched.unit, read) for fetched, read in good]
            operation_id = self._ledger.operation_id
            spans.withdraw(connection, units, operation_id)
            spans.delete_rows(connection, units)
            points = [points_table(read, fetched.unit) for fetched, read in good if read.rows]
            if points:
                self._opened.load((METRICS, points))
            spans.enter(connection, [span for _, read in good for span in read.spans], operation_id)
            self._ledger.done(
                UnitDone(fetched.unit.name, read.rows, read.calls, read.bytes, fetched.started_at)
                for fetched, read in good
            )
        for fetched, read in good:
            self._report.rows += read.rows
            self._report.bytes += read.bytes
            self._report.units_done += bool(read.spans) or not read.unanswered
            for series in read.points:
                self._report.counts[str(series.period)] += len(series.values)
            if read.unanswered:
                self._unanswered(fetched.unit, Counter(read.unanswered.values()))
        self._count_spending()
        for fetched in batch:
            if fetched.error is not None:
                self._failed(fetched.unit, fetched.error)

    def _count_spending(self) -> None:
        self._report.calls = self._budget.calls
        self._report.usd = self._budget.usd

    def _unanswered(self, unit: Unit, statuses: Counter[str]) -> None:
        """Enter that a unit was read but for some resources, of which no more is known than before."""
        said = f"The metrics of account {unit.account_id} in {unit.region} are not complete"
        self._ledger.failed(unit.name, f"{said}: {_unanswered_resources(statuses)}.")
        trouble = self._troubles.setdefault((unit.account_id, unit.region), _Trouble(said))
        trouble.unanswered += statuses

    def _failed(self, unit: Unit, error: Exception) -> None:
        """Enter that a unit could not be read: once for an account whose role is refused, else by region."""
        is_account = (unit.account_id, None) in self._refusals
        region = None if is_account else unit.region
        place = f"account {unit.account_id}" + ("" if is_account else f" in {unit.region}")
        said = sentence(error, f"The metrics of {place} could not be read").rstrip(".")
        self._ledger.failed(unit.name, f"{said}.", status_of(error))
        self._troubles.setdefault((unit.account_id, region), _Trouble(said))

    def _report_troubles(self) -> None:
        """Report each account and region once; nothing that was stored of it was touched."""
        for (account_id, region), trouble in self._troubles.items():
            resources = f": {_unanswered_resources(trouble.unanswered)}" if trouble.unanswered else ""
            subject = "metrics" if region is not None else "account"
            self._report.add_problem(Problem(account_id, region, subject, f"{trouble.said}{resources}."))

    def _leave(self, units: Sequence[Unit]) -> None:
        """Enter what was not read because it would have cost more than allowed."""
        for reading in READINGS:
            left = [unit for unit in units if unit.reading is reading]
            if not left:
                continue
            queries = sum(unit.queries for unit in left)
            whose = f"{reading.name} of {_resources_of(left):,} tables and indexes"
            price = f"{queries:,} metrics, ${queries * USD_PER_QUERY:,.4f}"
            message = (
                f"To spend no more than was allowed, not all {whose} were read ({price}): the next collect "
                "goes on with them."
            )
            for unit in left:
                self._ledger.failed(unit.name, message, "skipped")
            self._report.add_problem(Problem(None, None, reading.name, message, "reading"))
        self._report.units_total -= len(units)


def _answered(unit: Unit, read: UnitRead) -> Unit:
    """Return a unit without the resources that were not answered: what was known of them stays."""
    return replace(unit, resources=tuple(one for one in unit.resources if one not in read.unanswered))


def _resources_of(units: Sequence[Unit]) -> int:
    return len({resource for unit in units for resource in unit.resources})


def _unanswered_resources(statuses: Counter[str]) -> str:
    """Say for how many resources CloudWatch gave no whole answer, by what it said of them."""
    parts = [f"{said} for {count:,}" for said, count in sorted(statuses.items())]
    return (
        f"CloudWatch answered {', '.join(parts)} of the tables and indexes, which stay as they were known: "
        "the next collect asks for them again"
    )


def _what_is_resumed(asked: Asked) -> str:
    only = [f"only {', '.join(names)}" for names in (asked.regions, asked.tables) if names is not None]
    span = f"{asked.start:%Y-%m-%d %H:%M} to {asked.end:%Y-%m-%d %H:%M} UTC"
    return f"Going on with the interrupted collection of {', '.join([span, *only])}."


def _check_dates(asked: Asked) -> None:
    """Refuse dates between which nothing lies.

    Raises:
        LoadError: naming them.
    """
    if asked.start >= asked.end:
        raise LoadError(
            f"The span from {asked.start:%Y-%m-%d %H:%M} to {asked.end:%Y-%m-%d %H:%M} holds no time: give a "
            "start before the end."
        )


def _settled(end: datetime, present: datetime) -> datetime:
    """Return until when points are read that are read up to `end`: the newest minutes are not settled yet."""
    return min(end, present - _SETTLING)


def _wanted(asked: Asked, *, clock: datetime, present: datetime) -> Wanted:
    """Leave out the minutes that are not settled yet.

    Raises:
        LoadError: nothing is left.
    """
    settled = _settled(asked.end, present)
    if asked.start >= settled:
        raise LoadError(
            f"The span begins at {asked.start:%Y-%m-%d %H:%M} UTC, of which CloudWatch has nothing yet: give "
            "an earlier start."
        )
    return Wanted(start=asked.start, end=settled, clock=clock, long_memory=asked.long_memory)
