"""Reading the tables of one account and region."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Set
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
# How often a list of tables is fetched that leaves out tables which are still there.
_LISTINGS = 3
# What allows a role to read something: the Sid of a statement.
_STATEMENTS = {
    "the autoscaling policies": "ReadAutoscaling",
    "tags": "ReadTableSettings",
    "time to live": "ReadTableSettings",
    "point-in-time recovery": "ReadTableSettings",
}

Value = TypeVar("Value")


@dataclass(frozen=True, order=True)
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
    """What one account and region hold.

    `unread` names the columns that AWS would not tell, `kept` the tables that it would not describe: nothing
    is known of them but that they are there. `calls` and `bytes` are what the reading took.
    """

    tables: list[rows.Row] = field(default_factory=list)
    indexes: list[rows.Row] = field(default_factory=list)
    sizes: list[rows.Row] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    kept: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    calls: int = 0
    bytes: int = 0


class PlaceReader:
    """Reads one place. A table that disappears while it is being read is left out.

    Args:
        known: the tables that were there when the place was last read. One that is missing from the list of
            tables is gone only if AWS, asked for it by name, says so: lists are cut short now and then.
    """

    def __init__(
        self, sessions: Sessions, place: Place, *, known: Set[str], skip_tags: bool, observed_on: date
    ) -> None:
        self._sessions = sessions
        self._place = place
        self._known = known
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
                (autoscaling, TTL, recovery, tags) is noted as unread with a problem instead, and so is a
                single table among others.
        """
        names, unlisted = self._names()
        targets: Targets = {}
        if names:
            found = self._optional(self._targets, "the autoscaling policies", *autoscaling.columns({}, ""))
            targets = found if found is not None else {}
        refused: dict[str, Exception] = {}
        with ThreadPoolExecutor(_TABLES_AT_ONCE) as pool:
            described = pool.map(lambda name: self._described(name, unlisted.get(name)), sorted(names))
            for name, answer in zip(sorted(names), described, strict=True):
                if isinstance(answer, Exception):
                    refused[name] = answer
                elif answer is not None:
                    self._add(*answer, targets)
        self._keep(refused)
        self._read.calls, self._read.bytes = self._calls.made, self._calls.bytes
        return self._read

    def _names(self) -> tuple[set[str], Mapping[str, Any]]:
        """Return the names of the tables, and the description of each that AWS left out of its list."""
        listed = set(self._list())
        asked = {name: self._describe(name) for name in sorted(self._known - listed)}
        unlisted = {name: table for name, table in asked.items() if table is not None}
        for _ in range(_LISTINGS - 1):
            if unlisted.keys() <= listed:
                break
            listed.update(self._list())
        missing = unlisted.keys() - listed
        if missing:
            some = ", ".join(sorted(missing)[:3]) + (" …" if len(missing) > 3 else "")
            place = self._place
            message = (
                f"AWS's list of the tables of {place.name} leaves out {len(missing)} that exist ({some}): "
                "they were read, but others that are new may be missing."
            )
            self._read.problems.append(
                Problem(place.account_id, place.region, "list of tables", message, "table")
            )
        return listed | unlisted.keys(), unlisted

    def _list(self) -> list[str]:
        return list(self._calls.items(self._client, "list_tables", "TableNames"))

    def _add(self, table: Any, extras: rows.Row, targets: Targets) -> None:
        account_id, region = self._place.account_id, self._place.region
        self._read.tables.append({**rows.table_row(account_id, region, table, targets), **extras})
        self._read.indexes.extend(rows.index_rows(account_id, region, table, targets))
        self._read.sizes.extend(rows.size_rows(account_id, region, table, self._observed_on))

    def _described(self, name: str, table: Any | None) -> tuple[Any, rows.Row] | Exception | None:
        """Return a table and what belongs to it, AWS's refusal to describe it, or None if it is gone."""
        try:
            table = table if table is not None else self._describe(name)
        except AWS_ERRORS as error:
            if kind_of(error) == "credentials":
                raise
            return error
        if table is None:
            return None
        tags = None if self._skip_tags else self._optional(lambda: self._tags(table), "tags", "tags")
        return table, {
            "ttl_enabled": self._optional(lambda: self._ttl(name), "time to live", "ttl_enabled"),
            "pitr_enabled": self._optional(
                lambda: self._pitr(name), "point-in-time recovery", "pitr_enabled"
            ),
            "tags": tags,
        }

    def _describe(self, name: str) -> Any | None:
        """Describe a table; None if AWS says that there is none of that name."""
        try:
            return self._calls.one(self._client.describe_table, TableName=name)["Table"]
        except AWS_ERRORS as error:
            if kind_of(error) == "gone":
                return None
            raise

    def _keep(self, refused: Mapping[str, Exception]) -> None:
        """Note the tables that AWS refused to describe, as something about them, not about the place.

        Raises:
            ClientError, BotoCoreError: it described none at all.
        """
        if refused and not self._read.tables:
            raise next(iter(refused.values()))
        place = self._place
        for name, error in refused.items():
            self._read.kept.append(name)
            said = sentence(error, f"Table {name} of {place.name} could not be read")
            self._read.problems.append(Problem(place.account_id, place.region, name, said, "table"))

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
        """Read what a table can do without: a refusal is a problem, said once for the place.

        What was refused once is not asked for again: the place keeps what is known of it.
        """
        if self._read.unread.issuperset(columns):
            return None
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
            if kind_of(error) == "denied":
                said = (
                    f"{said[:-1]}; statement {_STATEMENTS[what]} of deploy/policies/account.json allows it."
                )
            self._read.problems.append(Problem(place.account_id, place.region, what, said))
