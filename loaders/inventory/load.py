"""Loading the inventory: every account and region, concurrently, committed in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa

from loaders import organizations
from loaders.aws import Access, Sessions
from loaders.aws.failures import AWS_ERRORS, is_region_not_enabled, kind_of, sentence, status_of
from loaders.aws.paging import Calls
from loaders.aws.regions import Regions, check_names, regions_of
from loaders.batches import Fetched, fetch_in_batches
from loaders.errors import LoadError
from loaders.inventory.history import keep_unread, known_tables
from loaders.inventory.reader import Place, PlaceRead, PlaceReader
from loaders.ledger import Operation, UnitDone, UnitPlan, recorded, utc_now
from loaders.pipeline import OpenWarehouse, Warehouse
from loaders.progress import Progress, Silent
from loaders.report import LoadReport, Problem
from loaders.schemas import GSI_METADATA, TABLE_METADATA, TABLE_SIZES

# Accounts that are asked for their regions at a time, for each unit that is read at a time: two short calls.
_ACCOUNTS_PER_UNIT = 4
# Stands for all regions of an account of which none could be asked.
ALL_REGIONS = "*"

FetchedPlace = Fetched[Place, PlaceRead]
Outcome = Literal["read", "denied", "failed", "region not enabled"]


@dataclass(frozen=True)
class _Reading:
    """How one account and region were read, as `ops.inventory_reads` has it."""

    place: Place
    outcome: Outcome
    tables_seen: int | None = None
    message: str | None = None


def load(
    warehouse: Warehouse,
    access: Access,
    *,
    regions: Sequence[str] | None = None,
    skip_tags: bool = False,
    resume: bool = False,
    now: datetime,
    progress: Progress | None = None,
) -> LoadReport:
    """Load tables, indexes, their settings and sizes, after the accounts that they belong to.

    Args:
        regions: only these. Default: the regions that each account has enabled.
        skip_tags: leave tags as they were last read.
        resume: go on with the last inventory that did not complete, as it was asked for when it began. The
            accounts are listed anew; accounts and regions that it has read are left out.
        now: naive UTC instant: the day that sizes are entered under. Histories are dated by the real clock.

    Returns:
        The report; `counts` has the tables found by region.

    Raises:
        LoadError: credentials, an unknown region, no account to read, or a role that no member knows.
    """
    sessions = Sessions(access)
    asked: dict[str, Any] = {"regions": None if regions is None else list(regions), "skip_tags": skip_tags}
    with (
        warehouse.open() as opened,
        recorded(opened.connection, "discover", resume=resume, arguments=asked) as (ledger, report),
    ):
        asked |= ledger.arguments
        if asked["regions"] is not None:
            check_names(asked["regions"], sessions)
        ledger.called_by(sessions.caller.account_id)
        accounts = organizations.read(opened, sessions, ledger, report, now=now)
        inventory = _Inventory(opened, sessions, ledger, report, progress or Silent(), asked["regions"])
        inventory.read(accounts, skip_tags=asked["skip_tags"], now=now)
    return report


class _Inventory:
    def __init__(
        self,
        opened: OpenWarehouse,
        sessions: Sessions,
        ledger: Operation,
        report: LoadReport,
        progress: Progress,
        regions: Sequence[str] | None,
    ) -> None:
        self._opened = opened
        self._sessions = sessions
        self._ledger = ledger
        self._report = report
        self._progress = progress
        self._regions = regions
        self._known = known_tables(opened.connection)
        self._known_places: dict[str, set[Place]] = defaultdict(set)
        for place in self._known:
            self._known_places[place.account_id].add(place)
        # Places that must be there: those that were asked for, or are listed, or where tables are known.
        self._expected: set[Place] = set()

    def read(self, accounts: Sequence[str], *, skip_tags: bool, now: datetime) -> None:
        """Read every place of the accounts and commit what was read.

        Raises:
            LoadError: there is no account, or no member lets the role be assumed.
        """
        if not accounts:
            raise LoadError("The organisation has no active account: there is nothing to read.")
        places, refused = self._places(accounts)
        done = self._ledger.units_done()
        waiting = [place for place in places if place.name not in done]
        self._ledger.plan(
            UnitPlan(place.name, "inventory", place.account_id, place.region) for place in waiting
        )
        self._report.units_total = len(places) + len(refused)
        self._report.units_done = len(places) - len(waiting)
        self._progress.total(self._report.units_total)
        self._progress.advance(self._report.units_done)
        self._refuse(refused)

        def fetch(place: Place) -> PlaceRead:
            known = self._known.get(place, frozenset())
            reader = PlaceReader(
                self._sessions, place, known=known, skip_tags=skip_tags, observed_on=now.date()
            )
            return reader.read()

        for batch in fetch_in_batches(
            waiting,
            fetch,
            workers=self._sessions.access.concurrency,
            size=lambda read: len(read.tables) * 10,  # a table costs some ten times a point to write
            on_fetched=lambda fetched: self._progress.advance(1, fetched.unit.name),
        ):
            self._commit(batch)
        if waiting and not self._report.counts and self._report.units_done == len(places):
            self._report.add_problem(
                Problem(None, None, "inventory", "No DynamoDB table was found.", "nothing")
            )

    def _places(self, accounts: Sequence[str]) -> tuple[list[Place], dict[str, Exception]]:
        """Return the accounts and regions to read, and the accounts that refuse, each with its answer.

        Raises:
            LoadError: no member lets the role be assumed.
        """
        calls = Calls()
        with ThreadPoolExecutor(self._sessions.access.concurrency * _ACCOUNTS_PER_UNIT) as pool:
            answers = list(pool.map(lambda account_id: self._regions_of(account_id, calls), accounts))
        self._report.calls += calls.made
        self._report.bytes += calls.bytes
        places: list[Place] = []
        refused: dict[str, Exception] = {}
        for account_id, answer in zip(accounts, answers, strict=True):
            if isinstance(answer, Exception):
                refused[account_id] = answer
            else:
                places.extend(self._places_of(account_id, answer))
        self._check_role(accounts, refused)
        if self._ledger.is_resumed:  # an account that refused at first may have been among them
            answered = [account_id for account_id in accounts if account_id not in refused]
            self._ledger.done(UnitDone(Place(account_id, ALL_REGIONS).name) for account_id in answered)
        self._report.accounts = len(accounts) - len(refused)
        return places, refused

    def _regions_of(self, account_id: str, calls: Calls) -> Regions | Exception:
        try:
            self._sessions.verify(account_id)
            if self._regions:
                return Regions(tuple(self._regions))
            return regions_of(self._sessions, account_id, calls)
        except AWS_ERRORS as error:
            return error

    def _places_of(self, account_id: str, regions: Regions) -> list[Place]:
        """Return the places of an account: its regions, and others where tables are known.

        A region with tables is no region less because the list of regions leaves it out.
        """
        listed = {Place(account_id, region) for region in regions.names}
        known = set() if self._regions else self._known_places[account_id]
        self._expected |= known if regions.are_guessed else known | listed
        return sorted(listed | known)

    def _check_role(self, accounts: Sequence[str], refused: Mapping[str, Exception]) -> None:
        """Tell a wrong role name from an account that refuses: a wrong name, every member refuses.

        Raises:
            LoadError: naming the role.
        """
        members = [account_id for account_id in accounts if account_id != self._sessions.caller.account_id]
        denied = [member for member in members if member in refused and kind_of(refused[member]) == "denied"]
        if members and len(denied) == len(members):
            role = self._sessions.access.role_name
            raise LoadError(
                f"None of the {len(members)} member accounts lets the role {role} be assumed: check the "
                "role's name, its trust policy and the external id."
            )

    def _refuse(self, refused: Mapping[str, Exception]) -> None:
        """Report accounts that cannot be read at all; their rows stay as they are."""
        places = {account_id: Place(account_id, ALL_REGIONS) for account_id in refused}
        self._ledger.plan(UnitPlan(place.name, "inventory", place.account_id) for place in places.values())
        role = self._sessions.access.role_name
        readings: list[_Reading] = []
        for account_id, error in refused.items():
            denied = kind_of(error) == "denied"
            message = (
                f"Account {account_id} does not let the role {role} be assumed: it was left out, and what is "
                "known of it was kept."
                if denied
                else sentence(error, f"Account {account_id} could not be read")
            )
            outcome: Literal["denied", "failed"] = "denied" if denied else "failed"
            self._ledger.failed(places[account_id].name, message, outcome)
            self._report.add_problem(Problem(account_id, None, "account", message))
            self._progress.advance(1, account_id)
            readings += [
                _Reading(Place(account_id, region), outcome, message=message)
                for region in self._regions or [ALL_REGIONS]
            ]
        self._enter(readings, utc_now())

    def _commit(self, batch: Sequence[FetchedPlace]) -> None:
        """Write a batch: history and sizes, the places without a table, the readings, the ledger."""
        read_at = utc_now()
        good = [(fetched.unit, fetched.result) for fetched in batch if fetched.result is not None]
        for place, read in good:
            keep_unread(self._opened.connection, place, read)
        tables = [row for _, read in good for row in read.tables]
        indexes = [row for _, read in good for row in read.indexes]
        sizes = pa.Table.from_pylist([row for _, read in good for row in read.sizes], TABLE_SIZES.schema)
        if tables:
            self._opened.load(
                (TABLE_METADATA, tables), (GSI_METADATA, indexes), (TABLE_SIZES, sizes), read_at=read_at
            )
        self._opened.retire(TABLE_METADATA, self._emptied(good, "tables"), read_at)
        self._opened.retire(GSI_METADATA, self._emptied(good, "indexes"), read_at)
        self._enter(
            [
                _Reading(fetched.unit, "read", len(fetched.result.tables))
                if fetched.result is not None
                else self._failure(fetched.unit, fetched.error)
                for fetched in batch
            ],
            read_at,
        )
        self._mark(batch)
        self._report.rows += len(tables) + len(indexes) + sizes.num_rows

    def _emptied(self, reads: Iterable[tuple[Place, PlaceRead]], what: str) -> list[tuple[str, str]]:
        """Return the places that hold none of `what` any more, whose history dlt would leave open."""
        return [
            (place.account_id, place.region)
            for place, read in reads
            if place in self._known and not getattr(read, what)
        ]

    def _mark(self, batch: Sequence[FetchedPlace]) -> None:
        """Enter the units of a batch in the ledger and the report, once their rows are in the warehouse."""
        done = []
        for fetched in batch:
            place, read = fetched.unit, fetched.result
            if read is None:
                self._mark_unread(place, fetched.error)
                continue
            rows = len(read.tables) + len(read.indexes)
            if read.kept:  # left for --resume
                self._ledger.failed(place.name, read.problems[-1].message)
            else:
                done.append(UnitDone(place.name, rows, read.calls, read.bytes, fetched.started_at))
            if read.tables:
                self._report.counts[place.region] += len(read.tables)
            for problem in read.problems:
                self._report.add_problem(problem)
            self._report.calls += read.calls
            self._report.bytes += read.bytes
        self._ledger.done(done)
        self._report.units_done += len(done)

    def _mark_unread(self, place: Place, error: Exception | None) -> None:
        reading = self._failure(place, error)
        assert reading.message is not None
        skipped = reading.outcome == "region not enabled"
        status: Literal["denied", "failed"] = "denied" if reading.outcome == "denied" else "failed"
        self._ledger.failed(place.name, reading.message, "skipped" if skipped else status)
        if not skipped or place in self._expected:
            self._report.add_problem(Problem(place.account_id, place.region, "tables", reading.message))

    def _failure(self, place: Place, error: Exception | None) -> _Reading:
        """Say why a place could not be read."""
        assert error is not None
        if is_region_not_enabled(error):
            message = f"Account {place.account_id} has not enabled region {place.region}."
            return _Reading(place, "region not enabled", message=message)
        message = sentence(error, f"The tables of {place.name} could not be read")
        return _Reading(place, status_of(error), message=message)

    def _enter(self, readings: Sequence[_Reading], read_at: datetime) -> None:
        """Enter how places were read, by whose credentials, and when."""
        self._opened.connection.execute(
            "insert or replace into ops.inventory_reads "
            "(account_id, region, read_at, outcome, tables_seen, message, read_by) "
            "select unnest($accounts::varchar[]), unnest($regions::varchar[]), $read_at::timestamp, "
            "unnest($outcomes::varchar[]), unnest($tables::bigint[]), unnest($messages::varchar[]), $caller",
            {
                "accounts": [reading.place.account_id for reading in readings],
                "regions": [reading.place.region for reading in readings],
                "read_at": read_at,
                "outcomes": [reading.outcome for reading in readings],
                "tables": [reading.tables_seen for reading in readings],
                "messages": [reading.message for reading in readings],
                "caller": self._sessions.caller.account_id,
            },
        )
