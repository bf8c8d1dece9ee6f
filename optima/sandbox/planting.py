"""Reads the planted organisation (data files beside this module) and scales it to the size asked for.

Every table of the data files is an archetype. The first round of tables is the archetypes themselves; further
rounds repeat them under suffixed names, moved on through the members, so that large organisations have tables
in all of their accounts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID, SandboxConfig
from optima.sandbox.demand import MINUTES_PER_DAY, Batch, Bursts, Demand, Season
from optima.sandbox.organisation import (
    Account,
    Organisation,
    Resource,
    Table,
    Throughput,
    minute_of,
)

# In the order in which a smaller organisation takes from them.
_TABLE_FILES = ("on_demand", "provisioned", "table_class", "healthy", "special")
_DEFAULT_AGE_DAYS = 400
_DEFAULT_MEMORY_DAYS = 60


def build(config: SandboxConfig) -> Organisation:
    """The organisation that `config` asks for. The same every time."""
    accounts = tuple(_accounts(config.accounts))
    members = [account for account in accounts if _is_readable_member(account)]
    founded = minute_of(config.founding)
    archetypes = _archetypes()
    tables = []
    for position in range(config.tables):
        round_number, place = divmod(position, len(archetypes))
        planted = archetypes[place]
        account_id = _account_for(planted["account"], round_number, members)
        tables.append(_table(planted, round_number, account_id, founded))
    return Organisation(config, minute_of(config.clock), founded, accounts, tuple(_with_replicas(tables)))


@lru_cache
def _read(name: str) -> list[dict[str, Any]]:
    file = resources.files("optima.sandbox").joinpath("planted", f"{name}.yaml")
    entries: list[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return entries


def _archetypes() -> list[dict[str, Any]]:
    return [entry for name in _TABLE_FILES for entry in _read(name)]


def _planted_accounts() -> Iterator[Account]:
    for entry in _read("accounts"):
        yield Account(**{**entry, "ou": tuple(entry["ou"])})


def _is_readable_member(account: Account) -> bool:
    return account.id != MANAGEMENT_ACCOUNT_ID and account.access == "granted" and account.state == "ACTIVE"


def _accounts(members: int) -> Iterator[Account]:
    """The management account, `members` readable ones, and the two that cannot be read."""
    readable = 0
    for account in _planted_accounts():
        readable += _is_readable_member(account)
        if readable <= members or not _is_readable_member(account):
            yield account
    for number in range(readable + 1, members + 1):
        yield Account(f"{210_000_000_000 + number}", f"workload-{number:03d}", ("Workloads", "Production"))


def _account_for(name: str, round_number: int, members: Sequence[Account]) -> str:
    planted = [account for account in _planted_accounts() if account.access == "granted"]
    by_name = {account.name: account for account in planted}
    if by_name[name].id == MANAGEMENT_ACCOUNT_ID:
        return MANAGEMENT_ACCOUNT_ID
    homes = [account.name for account in planted if _is_readable_member(account)]
    return members[(homes.index(name) + len(homes) * round_number) % len(members)].id


def _table(planted: Mapping[str, Any], round_number: int, account_id: str, founded: int) -> Table:
    entry = dict(planted)
    name = entry.pop("name") + (f"-{round_number + 1:03d}" if round_number else "")
    region = entry.pop("region")
    entry.pop("account")
    age_days = entry.pop("age_days", _DEFAULT_AGE_DAYS)
    shared = {
        "account_id": account_id,
        "region": region,
        "table_name": name,
        "created_minute": founded - round(age_days * MINUTES_PER_DAY),
        "resolution_minutes": entry.pop("resolution_minutes", 1),
        "memory_days": entry.pop("memory_days", _DEFAULT_MEMORY_DAYS),
    }
    resource = _resource(entry, None, shared)
    index_entries = [dict(index) for index in entry.pop("indexes", [])]
    indexes = tuple(_resource(index, index.pop("name"), shared) for index in index_entries)
    table = Table(
        resource=resource,
        indexes=indexes,
        on_demand=entry.pop("mode") == "on-demand",
        infrequent_access=entry.pop("class", "standard") == "infrequent-access",
        replica_regions=(region,) if entry.pop("replicated", False) else (),
        tags={"team": entry.pop("team", "platform"), "environment": entry.pop("environment", "production")},
        ttl_attribute=entry.pop("ttl", None),
        point_in_time_recovery=entry.pop("pitr", False),
        deletion_protection=entry.pop("deletion_protection", False),
        stream=entry.pop("stream", False),
        on_demand_maximum=entry.pop("on_demand_maximum", {}),
        on_demand_since_days=entry.pop("on_demand_since_days", None),
        class_changed_days_ago=entry.pop("class_changed_days_ago", None),
        why=entry.pop("why"),
        expected=tuple(entry.pop("expect")),
    )
    meaningless = sorted({key for rest in (entry, *index_entries) for key in rest})
    if meaningless:
        raise ValueError(f"planted table {name!r} has keys that mean nothing: {meaningless}")
    return table


def _resource(entry: dict[str, Any], index_name: str | None, shared: Mapping[str, Any]) -> Resource:
    return Resource(
        index_name=index_name,
        read=_throughput(entry.pop("read", {})),
        write=_throughput(entry.pop("write", {})),
        gb=float(entry.pop("gb", 0.0)),
        **shared,
    )


def _throughput(entry: Mapping[str, Any]) -> Throughput:
    capacity = {
        name: entry[name] for name in entry if name in Throughput.__annotations__ and name != "demand"
    }
    demand = {name: entry[name] for name in entry if name not in capacity}
    if "batches" in demand:
        demand["batches"] = tuple(
            Batch(_minute_of_day(batch["at"]), batch["minutes"], batch["rate"]) for batch in demand["batches"]
        )
    if "bursts" in demand:
        demand["bursts"] = Bursts(**demand["bursts"])
    if "season" in demand:
        demand["season"] = Season(**demand["season"])
    return Throughput(demand=Demand(**demand), **capacity)


def _minute_of_day(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _with_replicas(tables: Iterable[Table]) -> Iterator[Table]:
    """A replicated table is one global table with those of the same account and name."""
    regions: dict[tuple[str, str], set[str]] = defaultdict(set)
    tables = list(tables)
    for table in tables:
        regions[table.account_id, table.name].update(table.replica_regions)
    for table in tables:
        together = tuple(sorted(regions[table.account_id, table.name])) if table.replica_regions else ()
        yield replace(table, replica_regions=together if len(together) > 1 else ())
