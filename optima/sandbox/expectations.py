"""What an analysis of the planted organisation must find, and where it must find nothing.

The data files beside this module say of every table what it is and what is expected of it. Savings were
worked out by hand from the definitions of cost, not by the models. Where use is flat they are exact, else
they are a range that autoscaling cannot leave; `why` has the reasoning.

Amounts are at list prices. What a payer's free units make cheaper is kept apart, because its share depends on
the whole organisation: `read` and `write` are provisioned throughput and `storage` bytes, all of class
Standard, and `full` is everything else. With f the share of a payer and region that is free, a saving is
full + (1 − f read) · read + (1 − f write) · write + (1 − f storage) · storage.

What the organisation has committed to (planted/agreement.yaml) changes no saving, because other use takes up
at once what a finding would leave uncovered. The 1,000 reserved reads of eu-west-1 are used by two tables
that nothing is advised on, and 1,395 more are provisioned there. Of the plan's 0.10 an hour `edge-metrics`,
which stays as it is, could use 0.1845 by itself: 100 writes a second at 0.000000625, less 18 %. So each unit
that is given up saves a unit at list price, wherever the commitment was booked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optima.sandbox.config import SandboxConfig

if TYPE_CHECKING:
    from optima.sandbox.organisation import Table

# No pool of the organisation has a greater free share, from the default size upwards.
GREATEST_FREE_SHARE = 0.035


@dataclass(frozen=True)
class Saving:
    """US dollars a month at list prices, by what is saved; or a range, where `between` is given."""

    full: float = 0.0
    read: float = 0.0
    write: float = 0.0
    storage: float = 0.0
    between: tuple[float, float] | None = None

    @property
    def at_list_usd(self) -> float | None:
        """The saving without any free units; None where only a range is known."""
        return None if self.between else self.full + self.read + self.write + self.storage

    def exact_usd(self, *, free_read: float, free_write: float, free_storage: float) -> float | None:
        """The saving in a pool with these free shares (0 to 1); None where only a range is known."""
        if self.between:
            return None
        return (
            self.full
            + (1 - free_read) * self.read
            + (1 - free_write) * self.write
            + (1 - free_storage) * self.storage
        )

    def bounds_usd(self) -> tuple[float, float]:
        """The least and the greatest saving that free shares up to the greatest leave possible."""
        if self.between:
            return self.between
        pooled = (self.read, self.write, self.storage)
        listed = self.full + sum(pooled)
        less = sum(value for value in pooled if value > 0) * GREATEST_FREE_SHARE
        more = -sum(value for value in pooled if value < 0) * GREATEST_FREE_SHARE
        return listed - less, listed + more


@dataclass(frozen=True)
class Expectation:
    """A planted finding: of what kind, on which table or index, what should be advised and what it saves.

    `recommended_setting` holds what is essential in the advice, in the shape of a recommendation's own
    setting; the advice may say more.
    """

    kind: str
    account_id: str
    region: str
    table_name: str
    index_name: str | None
    recommended_setting: Mapping[str, Any]
    saving: Saving
    why: str


@dataclass(frozen=True)
class HealthyTable:
    """A table that nothing should be advised on: what is planted on it, or kept from being said about it."""

    account_id: str
    region: str
    table_name: str
    why: str


def expectations(config: SandboxConfig | None = None) -> list[Expectation]:
    """All planted findings of the organisation that `config` describes, by default the default one."""
    return [finding for table in _tables(config) for finding in _findings_of(table)]


def healthy_tables(config: SandboxConfig | None = None) -> list[HealthyTable]:
    """All tables of which no finding of any kind is expected."""
    return [
        HealthyTable(table.account_id, table.region, table.name, table.why)
        for table in _tables(config)
        if not table.expected
    ]


def _tables(config: SandboxConfig | None) -> tuple[Table, ...]:
    from optima.sandbox.planting import build

    return build(config or SandboxConfig()).tables


def _findings_of(table: Table) -> Iterator[Expectation]:
    for entry in [*table.expected, *_best_plan_of(table)]:
        saves = dict(entry["saves"])
        if "between" in saves:
            saves["between"] = tuple(saves["between"])
        yield Expectation(
            kind=entry["kind"],
            account_id=table.account_id,
            region=table.region,
            table_name=table.name,
            index_name=entry.get("index"),
            recommended_setting=entry["to"],
            saving=Saving(**saves),
            why=table.why,
        )


def _best_plan_of(table: Table) -> list[Mapping[str, Any]]:
    """Where one change of capacity or class is expected, that is the plan; a plan of two is stated."""
    by_kind = {entry["kind"]: entry for entry in table.expected}
    changes = [by_kind[kind] for kind in ("capacity_mode", "table_class") if kind in by_kind]
    return [{**changes[0], "kind": "best_plan"}] if changes and "best_plan" not in by_kind else []
