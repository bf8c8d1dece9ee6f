"""The kernel over a table's window: what autoscaling would do with the capacity that is asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optima.simulation import Policy
from optima.what_if.demand import Minutes
from optima.what_if.tables import DIMENSIONS, Capacity, Dimension, Resource, Table

if TYPE_CHECKING:
    from optima.simulation.batch import Outcome

# What DynamoDB keeps of unused capacity as a rule, though at best effort.
BEST_EFFORT_BURST_SECONDS = 300.0
_MINUTES_PER_DAY = 1440
# A fixed capacity is a policy that cannot move, whatever its target.
_TARGET_OF_FIXED = 0.7


@dataclass(frozen=True)
class Throttling:
    """What neither capacity nor burst could serve over the known minutes: units, and the minutes of it."""

    units: float
    minutes: int


@dataclass(frozen=True)
class UnitHours:
    """Capacity × time over the known minutes.

    Attributes:
        billed: As the simulation has it.
        upper: If each UTC hour were billed at its highest capacity.
        held: If capacity never scaled in while nothing is consumed.
    """

    billed: float
    upper: float
    held: float


@dataclass(frozen=True, eq=False)
class Simulated:
    """One dimension of a table or index under the capacity that is asked for, over the known minutes.

    Attributes:
        known_minutes: How many there are.
        unit_hours: What it bills.
        own_unit_hours: What today's policy bills; None where none is in force.
        least: Lowest capacity; None where no minute is known, as `mean` and `greatest` are.
        changes: How often a change of capacity was decided.
        throttling: With the burst that a safe policy may draw on.
        best_effort: With what DynamoDB grants as a rule.
        is_safe: Whether the build would call it safe; None where no minute is known.
        capacity: Units in force in each minute of the window.
    """

    known_minutes: int
    unit_hours: UnitHours
    own_unit_hours: UnitHours | None
    least: int | None
    mean: float | None
    greatest: int | None
    changes: int
    throttling: Throttling
    best_effort: Throttling
    is_safe: bool | None
    capacity: NDArray[np.float64] = field(repr=False)

    @property
    def changes_per_day(self) -> float | None:
        """Changes of a known day."""
        return self.changes * _MINUTES_PER_DAY / self.known_minutes if self.known_minutes else None


Simulations = Mapping[tuple[str, str], Simulated]


def simulate(minutes: Minutes, capacities: Mapping[str, Mapping[str, Capacity]]) -> Simulations:
    """Simulate both dimensions of each table or index named, by (resource name, dimension).

    Raises:
        ValueError: A policy makes no sense; `assumptions.problems` says which before.
    """
    return {
        (resource.name, dimension): simulated
        for resource in minutes.table.resources
        if resource.name in capacities
        for dimension, simulated in _simulated(minutes, resource, capacities[resource.name]).items()
    }


def _simulated(
    minutes: Minutes, resource: Resource, capacities: Mapping[str, Capacity]
) -> dict[str, Simulated]:
    table, safe_burst = minutes.table, minutes.table.burst_seconds
    asked = _run(minutes, resource, [capacities], [safe_burst], [False], with_capacity=True)
    own = _own(resource)
    others = _run(
        minutes,
        resource,
        [capacities, capacities, *([own, own] if own else [])],
        [BEST_EFFORT_BURST_SECONDS, *[safe_burst] * (3 if own else 1)],
        [False, True, *([False, True] if own else [])],
    )
    known = int(asked.known_minutes[0])
    return {
        name: _of_dimension(table, resource.dimensions[name], k, known, asked, others)
        for k, name in enumerate(DIMENSIONS)
    }


def _own(resource: Resource) -> dict[str, Capacity] | None:
    """Return what is set today where a policy scales a dimension of it."""
    today = {
        name: dimension.today
        for name, dimension in resource.dimensions.items()
        if dimension.today is not None
    }
    is_scaled = any(dimension.is_autoscaled for dimension in resource.dimensions.values())
    return today if is_scaled and len(today) == len(DIMENSIONS) else None


def _run(
    minutes: Minutes,
    resource: Resource,
    settings: Sequence[Mapping[str, Capacity]],
    bursts: Sequence[float],
    holds: Sequence[bool],
    *,
    with_capacity: bool = False,
) -> Outcome:
    # Loading or compiling the kernel takes a second or ten: not before it is needed.
    from optima.simulation import batch

    policies = [[_policy(setting[name]) for name in DIMENSIONS] for setting in settings]
    reads, writes = (minutes.rates[resource.name][name] for name in DIMENSIONS)
    return batch.run(
        reads,
        writes,
        np.array([0, reads.size]),
        np.array([minutes.start_minute]),
        batch.policies(
            targets=[[policy.target for policy in pair] for pair in policies],
            minimums=[[policy.min_capacity for policy in pair] for pair in policies],
            maximums=[[policy.max_capacity for policy in pair] for pair in policies],
            delays=[minutes.table.delay_minutes] * len(policies),
            bursts=bursts,
            holds=holds,
        ),
        np.array([0, len(policies)]),
        with_capacities=with_capacity,
    )


def _policy(capacity: Capacity) -> Policy:
    return capacity if isinstance(capacity, Policy) else Policy(_TARGET_OF_FIXED, capacity, capacity)


def _of_dimension(
    table: Table, dimension: Dimension, k: int, known: int, asked: Outcome, others: Outcome
) -> Simulated:
    from optima.simulation import kernel

    total = asked.totals[0, k]
    best_effort, held, *own = others.totals[:, k]

    def throttling(of: NDArray[np.float64]) -> Throttling:
        return Throttling(float(of[kernel.THROTTLED_UNITS]), int(of[kernel.THROTTLED_MINUTES]))

    def unit_hours(of: NDArray[np.float64], of_held: NDArray[np.float64]) -> UnitHours:
        minutes = (of[kernel.UNITS], of[kernel.UNITS_UPPER], of_held[kernel.UNITS])
        return UnitHours(*(float(units) / 60 for units in minutes))

    return Simulated(
        known_minutes=known,
        unit_hours=unit_hours(total, held),
        own_unit_hours=unit_hours(*own) if own else None,
        least=int(total[kernel.LEAST]) if known else None,
        mean=float(total[kernel.UNITS]) / known if known else None,
        greatest=int(total[kernel.GREATEST]) if known else None,
        changes=int(total[kernel.INCREASES] + total[kernel.DECREASES]),
        throttling=throttling(total),
        best_effort=throttling(best_effort),
        is_safe=is_safe(table, throttling(total), dimension.consumed_units, known) if known else None,
        capacity=asked.capacities[k],
    )


def is_safe(table: Table, throttling: Throttling, consumed_units: float | None, known_minutes: int) -> bool:
    """Whether so little is throttled that the build would advise it: by units, and by minutes a known day."""
    return (
        throttling.units <= table.throttled_share * (consumed_units or 0)
        and throttling.minutes <= table.throttled_minutes_per_day * known_minutes / _MINUTES_PER_DAY
    )


def keep_compiled(folder: Path) -> None:
    """Keep the kernel's machine code in a folder, unless NUMBA_CACHE_DIR names one already.

    To be called before anything is simulated: the kernel looks for its folder once.
    """
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))
