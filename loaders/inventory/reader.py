"""Reading the tables of one account and region."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any, TypeVar

from loaders.aws.failures import AWS_ERRORS, kind_of, sentence
from loaders.aws.paging import Calls
from loaders.aws.sessions import Sessions
from loaders.inventory import autoscaling, rows
from loaders.inventory.autoscaling import Targets
from loaders.report import Problem

# Tables of one region that are described at a time. DescribeTimeToLive allows 10 a second, the rest far more.
_TABLES_AT_ONCE = 4

Value = TypeVar("Value")


@dataclass(frozen=True)
class Place:
    """One account and region: the unit of work of an inventory."""

    account_id: str
    region: str

    @property
    def name(self) -> str:
        """The unit as the ledger calls it."""
        return f"{self.account_id}/{self.region}"


@dataclass
class PlaceRead:
    """What one account and region hold. `unread` names the columns that AWS would not tell."""

    tables: list[rows.Row] = field(default_factory=list)
    indexes: list[rows.Row] = field(default_factory=list)
    sizes: list[rows.Row] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    calls: int = 0


class PlaceReader:
    """Reads one place. A table that disappears while it is being read is left out."""

    def __init__(self, sessions: Sessions, place: Place, *, skip_tags: bool, observed_on: date) -> None:
        self._sessions = sessions
        self._place = place
        self._skip_tags = skip_tags
        self._observed_on = observed_on
        self._client = sessions.client("dynamodb", account_id=place.account_id, region=place.region)
        self._calls = Calls()
        self._read = PlaceRead(unread={"tags"} if skip_tags else set())
        self._lock = Lock()

    def read(self) -> PlaceRead:
        """Read tables, indexes, sizes and what belongs to them.

        Raises:
            ClientError, BotoCoreError: the tables themselves may not be read. What only adds to them
                (autoscaling, TTL, recovery, tags) is noted as unread with a problem instead.
        """
        names = list(self._calls.items(self._client, "list_tables", "TableNames"))
        targets: Targets = {}
        if names:
            found = self._optional(self._targets, "the autoscaling policies", *autoscaling.columns({}, ""))
            targets = found if found is not None else {}
        with ThreadPoolExecutor(_TABLES_AT_ONCE) as pool:
            for described in pool.map(self._describe, names):
                if described is not None:
                    self._add(*described, targets)
        self._read.calls = self._calls.made
        return self._read

    def _add(self, table: Any, extras: rows.Row, targets: Targets) -> None:
        account_id, region = self._place.account_id, self._place.region
        self._read.tables.append({**rows.table_row(account_id, region, table, targets), **extras})
        self._read.indexes.extend(rows.index_rows(account_id, region, table, targets))
        self._read.sizes.extend(rows.size_rows(account_id, region, table, self._observed_on))

    def _describe(self, name: str) -> tuple[Any, rows.Row] | None:
        try:
            table = self._calls.one(self._client.describe_table, TableName=name)["Table"]
        except AWS_ERRORS as error:
            if kind_of(error) == "gone":
                return None
            raise
        tags = None if self._skip_tags else self._optional(lambda: self._tags(table), "tags", "tags")
        return table, {
            "ttl_enabled": self._optional(lambda: self._ttl(name), "time to live", "ttl_enabled"),
            "pitr_enabled": self._optional(
                lambda: self._pitr(name), "point-in-time recovery", "pitr_enabled"
            ),
            "tags": tags,
        }

    def _targets(self) -> Targets:
        return autoscaling.read_targets(
            self._sessions, self._place.account_id, self._place.region, self._calls
        )

    def _ttl(self, name: str) -> bool:
        answer = self._calls.one(self._client.describe_time_to_live, TableName=name)
        return bool(answer["TimeToLiveDescription"]["TimeToLiveStatus"] in ("ENABLED", "ENABLING"))

    def _pitr(self, name: str) -> bool:
        answer = self._calls.one(self._client.describe_continuous_backups, TableName=name)
        recovery = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        return bool(recovery.get("PointInTimeRecoveryStatus") == "ENABLED")

    def _tags(self, table: Any) -> str:
        tags = self._calls.items(self._client, "list_tags_of_resource", "Tags", ResourceArn=table["TableArn"])
        return json.dumps({tag["Key"]: tag["Value"] for tag in tags}, sort_keys=True)

    def _optional(self, read: Callable[[], Value], what: str, *columns: str) -> Value | None:
        """Read what a table can do without: a refusal is a problem, said once for the place."""
        try:
            return read()
        except AWS_ERRORS as error:
            if kind_of(error) == "credentials":
                raise
            if kind_of(error) != "gone":
                self._note_unread(error, what, columns)
            return None

    def _note_unread(self, error: Exception, what: str, columns: tuple[str, ...]) -> None:
        place = self._place
        with self._lock:
            if self._read.unread.issuperset(columns):
                return
            self._read.unread.update(columns)
            said = sentence(error, f"{what[0].upper()}{what[1:]} in {place.name} could not be read")
            self._read.problems.append(Problem(place.account_id, place.region, what, said))
