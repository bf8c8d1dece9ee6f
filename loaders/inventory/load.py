"""Loading the inventory: every account and region, concurrently, committed in batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import duckdb
import pyarrow as pa

from loaders import organizations
from loaders.aws import Access, Sessions
from loaders.aws.failures import AWS_ERRORS, as_load_error, code_of, kind_of, sentence
from loaders.aws.regions import check_names, enabled_regions
from loaders.batches import Fetched, fetch_in_batches
from loaders.errors import LoadError
from loaders.inventory.reader import Place, PlaceRead, PlaceReader
from loaders.ledger import Operation, UnitDone, UnitPlan, recorded, utc_now
from loaders.pipeline import OpenWarehouse, Warehouse
from loaders.progress import Progress, Silent
from loaders.report import LoadReport, Problem
from loaders.schemas import GSI_METADATA, TABLE_METADATA, TABLE_SIZES

_WORKERS = 8
# Stands for all regions of an account of which none could be asked.
ALL_REGIONS = "*"

FetchedPlace = Fetched[Place, PlaceRead]


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
        resume: go on with the last inventory that did not complete, leaving out what it has read.
        now: naive UTC instant: the day that sizes are entered under. Histories are dated by the real clock.

    Returns:
        The report; `counts` has the tables found by region.

    Raises:
        LoadError: credentials, an unknown region, no account to read, or a role that no member knows.
    """
    sessions = Sessions(access)
    progress = progress or Silent()
    with (
        warehouse.open() as opened,
        recorded(opened.connection, "discover", resume=resume) as (ledger, report),
    ):
        if regions is not None:
            check_names(regions, sessions)
        organizations.read(opened, sessions, report, now=now)
        inventory = _Inventory(opened, sessions, ledger, report, progress, regions)
        inventory.read(skip_tags=skip_tags, now=now)
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

    def read(self, *, skip_tags: bool, now: datetime) -> None:
        """Read every place and commit what was read."""
        places = self._places(now)
        done = self._ledger.units_done()
        waiting = [place for place in places if place.name not in done]
        self._ledger.plan(
            UnitPlan(place.name, "inventory", place.account_id, place.region) for place in waiting
        )
        self._report.units_total = len(places)
        self._report.units_done = len(places) - len(waiting)
        self._progress.total(len(places))
        self._progress.advance(self._report.units_done)

        def fetch(place: Place) -> PlaceRead:
            return PlaceReader(self._sessions, place, skip_tags=skip_tags, observed_on=now.date()).read()

        for batch in fetch_in_batches(
            waiting,
            fetch,
            workers=_WORKERS,
            size=lambda read: len(read.tables) * 10,  # a table costs some ten times a point to write
            on_fetched=lambda fetched: self._progress.advance(1, fetched.unit.name),
        ):
            self._commit(batch)
        if waiting and not self._report.counts and self._report.units_done == len(places):
            self._report.add_problem(Problem(None, None, "inventory", "No DynamoDB table was found."))

    def _places(self, now: datetime) -> list[Place]:
        """Return the accounts and regions to read; an account that refuses is reported and left out.

        Raises:
            LoadError: there is no account, or no member lets the role be assumed.
        """
        accounts = self._accounts(now)
        with ThreadPoolExecutor(_WORKERS) as pool:
            answers = list(pool.map(self._regions_of, accounts))
        refused = {
            account_id: answer
            for account_id, answer in zip(accounts, answers, strict=True)
            if isinstance(answer, Exception)
        }
        self._check_role(accounts, refused)
        for account_id, error in refused.items():
            self._refused(account_id, error)
        self._report.accounts = len(accounts) - len(refused)
        return [
            Place(account_id, region)
            for account_id, answer in zip(accounts, answers, strict=True)
            if not isinstance(answer, Exception)
            for region in answer
        ]

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

    def _accounts(self, now: datetime) -> list[str]:
        if not self._sessions.access.use_organizations:
            return [self._sessions.caller.account_id]
        found = self._opened.connection.execute(
            "select account_id from raw_organizations.aws_accounts "
            "where state = 'ACTIVE' and last_seen_at = ? order by account_id",
            [now],
        ).fetchall()
        if not found:
            raise LoadError("The organisation has no active account: there is nothing to read.")
        return [account_id for (account_id,) in found]

    def _regions_of(self, account_id: str) -> list[str] | Exception:
        try:
            self._sessions.verify(account_id)
            if self._regions:
                return list(self._regions)
            return enabled_regions(self._sessions, account_id)
        except AWS_ERRORS as error:
            return error

    def _refused(self, account_id: str, error: Exception) -> None:
        """Report an account that cannot be read at all; its rows stay as they are."""
        role = self._sessions.access.role_name
        denied = kind_of(error) == "denied"
        message = (
            f"Account {account_id} does not let the role {role} be assumed: it was left out, and what is "
            "known of it was kept."
            if denied
            else sentence(error, f"Account {account_id} could not be read")
        )
        for region in self._regions or [ALL_REGIONS]:
            self._enter_read(account_id, region, "denied" if denied else "failed", None, message)
        self._report.add_problem(Problem(account_id, None, "account", message))

    def _commit(self, batch: Sequence[FetchedPlace]) -> None:
        """Write a batch: history and sizes, the places without a table, the reads, the ledger."""
        read_at = utc_now()
        good = [(fetched.unit, fetched.result) for fetched in batch if fetched.result is not None]
        self._keep_unread(good)
        tables = [row for _, read in good for row in read.tables]
        indexes = [row for _, read in good for row in read.indexes]
        sizes = pa.Table.from_pylist([row for _, read in good for row in read.sizes], TABLE_SIZES.schema)
        if tables:
            self._opened.load(
                (TABLE_METADATA, tables), (GSI_METADATA, indexes), (TABLE_SIZES, sizes), read_at=read_at
            )
        self._opened.retire(TABLE_METADATA, _without(good, "tables"), read_at)
        self._opened.retire(GSI_METADATA, _without(good, "indexes"), read_at)
        for place, read in good:
            self._enter_read(place.account_id, place.region, "read", len(read.tables), None, read_at)
            if read.tables:
                self._report.counts[place.region] += len(read.tables)
            for problem in read.problems:
                self._report.add_problem(problem)
        self._ledger.done(
            UnitDone(place.name, len(read.tables) + len(read.indexes), read.calls) for place, read in good
        )
        self._report.units_done += len(good)
        self._report.rows += len(tables) + len(indexes) + sizes.num_rows
        self._report.calls += sum(read.calls for _, read in good)
        for fetched in batch:
            if fetched.error is not None:
                self._failed(fetched.unit, fetched.error, read_at)

    def _keep_unread(self, reads: Iterable[tuple[Place, PlaceRead]]) -> None:
        """Give columns that were not read their last known values, so that they make no new version."""
        for place, read in reads:
            if not read.unread:
                continue
            for rows, table, key in (
                (read.tables, TABLE_METADATA, "table_name"),
                (read.indexes, GSI_METADATA, "resource_name"),
            ):
                columns = sorted(read.unread & set(table.schema.names))
                known = _last_known(self._opened.connection, table.qualified_name, key, columns, place)
                for row in rows:
                    row.update(zip(columns, known.get(str(row[key]), [None] * len(columns)), strict=True))

    def _failed(self, place: Place, error: Exception, read_at: datetime) -> None:
        if kind_of(error) == "credentials" and "Expired" in code_of(error):
            raise as_load_error(error, place.name)
        outcome = {"denied": "denied", "credentials": "region not enabled"}.get(kind_of(error), "failed")
        message = (
            f"Account {place.account_id} has not enabled region {place.region}."
            if outcome == "region not enabled"
            else sentence(error, f"The tables of {place.name} could not be read")
        )
        self._enter_read(place.account_id, place.region, outcome, None, message, read_at)
        self._ledger.failed(place.name, message, "denied" if outcome == "denied" else "failed")
        if outcome != "region not enabled" or self._regions:
            self._report.add_problem(Problem(place.account_id, place.region, "tables", message))

    def _enter_read(
        self,
        account_id: str,
        region: str,
        outcome: str,
        tables_seen: int | None,
        message: str | None,
        read_at: datetime | None = None,
    ) -> None:
        self._opened.connection.execute(
            "insert or replace into ops.inventory_reads "
            "(account_id, region, read_at, outcome, tables_seen, message) values (?, ?, ?, ?, ?, ?)",
            [account_id, region, read_at or utc_now(), outcome, tables_seen, message],
        )


def _without(reads: Iterable[tuple[Place, PlaceRead]], what: str) -> list[tuple[str, str]]:
    """Return the places that hold none of `what`, whose history dlt would leave open."""
    return [(place.account_id, place.region) for place, read in reads if not getattr(read, what)]


def _last_known(
    connection: duckdb.DuckDBPyConnection, table: str, key: str, columns: Sequence[str], place: Place
) -> dict[str, list[object]]:
    if not columns:
        return {}
    found = connection.execute(
        f"select {key}, {', '.join(columns)} from {table} "  # noqa: S608 (names are ours)
        "where account_id = ? and region = ? and _dlt_valid_to is null",
        [place.account_id, place.region],
    ).fetchall()
    return {name: list(values) for name, *values in found}
