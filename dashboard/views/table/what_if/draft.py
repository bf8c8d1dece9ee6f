"""What the reader has set up so far. It is kept per table while the session lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from optima import what_if
from optima.what_if import DIMENSIONS, Assumption, Basis, Capacity, Dimension, Mode, Policy, Table

# Where a table tells nothing better: DynamoDB's own default, and room for twice the highest minute.
_TARGET = 0.7
_ROOM = 2


@dataclass(frozen=True)
class Draft:
    """One dimension of a table or index. Units and policy are both kept, so that going back loses nothing."""

    is_fixed: bool
    units: int
    target: float
    least: int
    greatest: int

    @property
    def capacity(self) -> Capacity:
        """What is asked for."""
        return self.units if self.is_fixed else Policy(self.target, self.least, self.greatest)


@dataclass
class State:
    """All that the controls show. Drafts are by (resource name, dimension)."""

    mode: Mode
    table_class: str
    basis: Basis
    drafts: dict[tuple[str, str], Draft]

    @classmethod
    def of(cls, table: Table, asked: Assumption) -> State:
        """Begin with an assumption. What it does not provision begins with what today or a plan has."""
        drafts = {
            (resource.name, name): _draft(
                dimension, asked.capacities.get(resource.name, {}).get(name, dimension.today)
            )
            for resource in table.resources
            for name, dimension in resource.dimensions.items()
        }
        return cls(asked.mode, asked.table_class, asked.basis, drafts)

    def put(self, names: Sequence[str], dimension: str, **parts: Any) -> None:
        """Change parts of one dimension of these tables or indexes."""
        for name in names:
            self.drafts[name, dimension] = replace(self.drafts[name, dimension], **parts)

    def assumption(self, table: Table) -> Assumption:
        """Return what is asked for."""
        capacities = {
            resource.name: {name: self.drafts[resource.name, name].capacity for name in DIMENSIONS}
            for resource in table.resources
        }
        return Assumption(
            self.table_class, self.mode, self.basis, capacities if self.mode == "provisioned" else {}
        )


def beginning(table: Table) -> State:
    """Begin with the best plan, which is today's setting where nothing is to change."""
    return State.of(table, what_if.best_plan(table))


def _draft(dimension: Dimension, capacity: Capacity | None) -> Draft:
    policy = capacity if isinstance(capacity, Policy) else dimension.autoscaled or _policy(dimension)
    units = capacity if isinstance(capacity, int) else dimension.fixed or _units(dimension)
    return Draft(
        is_fixed=isinstance(capacity, int),
        units=units,
        target=policy.target,
        least=policy.min_capacity,
        greatest=policy.max_capacity,
    )


def _policy(dimension: Dimension) -> Policy:
    peak = dimension.peak_units_per_second or 0
    return Policy(_TARGET, 1, max(1, ceil(_ROOM * peak / _TARGET - 1e-9)))


def _units(dimension: Dimension) -> int:
    return max(1, ceil(dimension.peak_units_per_second or 0))
