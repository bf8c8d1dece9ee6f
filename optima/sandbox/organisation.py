"""What the organisation consists of: accounts, tables, indexes, and the use that is made of them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from optima.sandbox.config import SandboxConfig
from optima.sandbox.demand import MINUTES_PER_DAY, Demand, series_key

EPOCH = datetime(1970, 1, 1)
ROLE_NAME = "MetricsCollectorRole"
REGIONS = ("us-east-1", "us-west-2", "eu-west-1")

Dimension = Literal["read", "write"]
DIMENSIONS: tuple[Dimension, Dimension] = ("read", "write")


def minute_of(instant: datetime) -> int:
    """Whole minutes from 1970 to a naive UTC instant."""
    return (instant - EPOCH) // timedelta(minutes=1)


@dataclass(frozen=True)
class Account:
    """One account. `ou` is its path under the root; `access` is what assuming the role there does."""

    id: str
    name: str
    ou: tuple[str, ...]
    access: Literal["granted", "denied"] = "granted"
    state: Literal["ACTIVE", "SUSPENDED"] = "ACTIVE"
    joined_at: datetime = datetime(2021, 3, 1)


@dataclass(frozen=True)
class Throughput:
    """One dimension of a resource: its demand and, when provisioned, fixed units or an autoscaling policy.

    `was` units were provisioned until `changed_days_ago` before the founding, where a fixed capacity changed.
    """

    demand: Demand
    units: int | None = None
    min: int | None = None
    max: int | None = None
    target: float | None = None
    was: int | None = None
    changed_days_ago: float = 0.0

    @property
    def is_autoscaled(self) -> bool:
        """A scaling policy decides on this dimension's capacity."""
        return self.target is not None


@dataclass(frozen=True)
class Resource:
    """What CloudWatch has series of: a table by itself (`index_name` None) or one of its indexes."""

    account_id: str
    region: str
    table_name: str
    index_name: str | None
    read: Throughput
    write: Throughput
    gb: float
    created_minute: int
    resolution_minutes: int
    memory_days: int

    @property
    def name(self) -> str:
        """`table` or `table#index`, unique in its account and region."""
        return self.table_name if self.index_name is None else f"{self.table_name}#{self.index_name}"

    def throughput(self, dimension: Dimension) -> Throughput:
        """The read or the write side."""
        return self.read if dimension == "read" else self.write

    def key(self, seed: int, dimension: Dimension) -> int:
        """What the noise of this series is drawn by. Replicas differ, copies differ."""
        return series_key(seed, self.account_id, self.region, self.name, dimension)


@dataclass(frozen=True)
class Table:
    """One table with its indexes, as planted. `expected` holds the findings expected of it, as written."""

    resource: Resource
    indexes: tuple[Resource, ...]
    on_demand: bool
    infrequent_access: bool
    replica_regions: tuple[str, ...]
    tags: Mapping[str, str]
    ttl_attribute: str | None
    point_in_time_recovery: bool
    deletion_protection: bool
    stream: bool
    on_demand_maximum: Mapping[Dimension, int]
    on_demand_since_days: float | None
    class_changed_days_ago: float | None
    why: str
    expected: tuple[Mapping[str, Any], ...] = field(repr=False)

    @property
    def name(self) -> str:
        """The table's name."""
        return self.resource.table_name

    @property
    def account_id(self) -> str:
        """The account that holds the table."""
        return self.resource.account_id

    @property
    def region(self) -> str:
        """The region that holds the table."""
        return self.resource.region

    @property
    def arn(self) -> str:
        """The table's ARN."""
        return f"arn:aws:dynamodb:{self.region}:{self.account_id}:table/{self.name}"

    @property
    def table_id(self) -> str:
        """The same for the same table in every run."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.arn))

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The table, then its indexes."""
        return (self.resource, *self.indexes)

    def class_change_minute(self, founded: int) -> int | None:
        """When the table left the other class, if it ever did."""
        if self.class_changed_days_ago is None:
            return None
        return founded - round(self.class_changed_days_ago * MINUTES_PER_DAY)

    @property
    def total_gb(self) -> float:
        """What storage is billed for: table and indexes."""
        return sum(resource.gb for resource in self.resources)


@dataclass(frozen=True)
class Organisation:
    """Everything that is served, and the instant at which it stands still."""

    config: SandboxConfig
    clock_minute: int
    founded_minute: int
    accounts: tuple[Account, ...]
    tables: tuple[Table, ...]

    @cached_property
    def account_by_id(self) -> Mapping[str, Account]:
        """All accounts, the management account too, by id."""
        return {account.id: account for account in self.accounts}

    @cached_property
    def table_by_key(self) -> Mapping[tuple[str, str, str], Table]:
        """Tables by account, region and name."""
        return {(table.account_id, table.region, table.name): table for table in self.tables}

    @cached_property
    def resource_by_key(self) -> Mapping[tuple[str, str, str], Resource]:
        """Tables and indexes by account, region and resource name."""
        return {(r.account_id, r.region, r.name): r for table in self.tables for r in table.resources}

    @cached_property
    def tables_by_place(self) -> Mapping[tuple[str, str], tuple[Table, ...]]:
        """The tables of each account and region that has any, by name."""
        found: dict[tuple[str, str], list[Table]] = defaultdict(list)
        for table in self.tables:
            found[table.account_id, table.region].append(table)
        return {place: tuple(sorted(own, key=lambda table: table.name)) for place, own in found.items()}

    def tables_of(self, account_id: str, region: str) -> Iterator[Table]:
        """The tables of one account and region, by name."""
        return iter(self.tables_by_place.get((account_id, region), ()))
