"""The simulation for one resource, for people: notebooks, scripts, tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Policy:
    """A target-tracking policy of one dimension: target utilisation as a ratio, bounds in capacity units."""

    target: float = 0.7
    min_capacity: int = 1
    max_capacity: int = 40_000


@dataclass(frozen=True)
class DimensionResult:
    """What autoscaling does with one dimension; sums and extremes are over known minutes.

    `unit_hours` is the sum of capacity × time. `unit_hours_upper` takes each UTC hour at its greatest
    capacity, because how a change inside an hour is billed is not documented. `least`, `mean` and `greatest`
    capacity are None when no minute is known. `increases` and `decreases` count decisions, also those that
    would take effect after the end. `throttled_units` is what neither capacity nor burst could serve,
    `throttled_minutes` the minutes of it. `capacity` has the units in force in each minute, the unknown ones
    included.
    """

    unit_hours: float
    unit_hours_upper: float
    least: int | None
    mean: float | None
    greatest: int | None
    increases: int
    decreases: int
    throttled_units: float
    throttled_minutes: int
    capacity: NDArray[np.int64] = field(repr=False)

    @property
    def changes(self) -> int:
        """How often a change of capacity was decided."""
        return self.increases + self.decreases


@dataclass(frozen=True)
class Simulation:
    """Both dimensions of one resource. A minute is known when both its rates are."""

    read: DimensionResult
    write: DimensionResult
    known_minutes: int


def simulate(
    reads: ArrayLike,
    writes: ArrayLike,
    *,
    start: datetime,
    read: Policy = Policy(),
    write: Policy = Policy(),
    delay_minutes: int = 3,
    burst_seconds: float = 300,
    hold_at_zero: bool = False,
) -> Simulation:
    """Simulate the autoscaling of one table or index, both dimensions together, minute by minute.

    The definition, with u the rate of a minute, P its capacity, τ the target and λ = τ − 0.20; values are
    rounded up after taking off 1e-9 and comparisons have as much slack:

    - Capacity starts at the highest of the first 30 known rates / τ, rounded up, within the policy's bounds.
    - After two minutes with u > τ·P it is raised to the higher of them / τ; after fifteen with u < λ·P it is
      lowered to the highest of them / τ, if DynamoDB grants a decrease. A change takes effect at the start
      of minute t + 1 + delay; until then the dimension decides nothing else. Runs count the minutes since
      the last effect and since the last unknown minute.
    - Granted is the first decrease of a UTC day; up to the fourth within an hour of the first; any that is 60
      minutes after the one before. Read and write share the allowance, and read asks first. A refused
      decrease is asked again the next minute.
    - A bucket of `burst_seconds` × P unit-seconds, full at the start, serves what exceeds 60·P in a minute
      and is refilled by what is left over. What exceeds both is throttled.

    Args:
        reads: Read units per second of each minute; NaN is unknown.
        writes: Write units per second of the same minutes.
        start: The first minute; UTC when it bears no zone.
        read: Policy of the reads. A fixed capacity is one with both bounds at it.
        write: Policy of the writes.
        delay_minutes: Minutes from an alarm to the capacity being in force.
        burst_seconds: Seconds of unused capacity that DynamoDB keeps: 300, though at best effort.
        hold_at_zero: A minute without consumption ends the run towards a decrease, as older texts of AWS say.

    Raises:
        ValueError: The series differ in length or hold a negative or infinite rate, a policy makes no sense,
            or `start` is not a whole minute.
    """
    from optima.simulation import batch

    read_rates, write_rates = (np.ascontiguousarray(series, dtype=np.float64) for series in (reads, writes))
    if read_rates.ndim != 1 or read_rates.shape != write_rates.shape:
        shapes = f"{read_rates.shape} and {write_rates.shape}"
        raise ValueError(f"reads and writes must be two series of one length, but have shapes {shapes}")
    policies = batch.policies(
        targets=[[read.target, write.target]],
        minimums=[[read.min_capacity, write.min_capacity]],
        maximums=[[read.max_capacity, write.max_capacity]],
        delays=[delay_minutes],
        bursts=[burst_seconds],
        holds=[hold_at_zero],
    )
    outcome = batch.run_one(read_rates, write_rates, _minute(start), policies)
    known = int(outcome.known_minutes[0])
    read_result, write_result = (
        _dimension(total, capacity, known)
        for total, capacity in zip(outcome.totals[0], outcome.capacities, strict=True)
    )
    return Simulation(read_result, write_result, known)


def _minute(start: datetime) -> int:
    """Minutes from 1970 to an instant, UTC."""
    instant = start if start.tzinfo else start.replace(tzinfo=UTC)
    since = instant - datetime(1970, 1, 1, tzinfo=UTC)
    minutes, rest = divmod(since.total_seconds(), 60)
    if rest:
        raise ValueError(f"start must be a whole minute, not {start.isoformat()}")
    return int(minutes)


def _dimension(total: NDArray[np.float64], capacity: NDArray[np.float64], known: int) -> DimensionResult:
    from optima.simulation import kernel

    return DimensionResult(
        unit_hours=float(total[kernel.UNITS]) / 60,
        unit_hours_upper=float(total[kernel.UNITS_UPPER]) / 60,
        least=int(total[kernel.LEAST]) if known else None,
        mean=float(total[kernel.UNITS]) / known if known else None,
        greatest=int(total[kernel.GREATEST]) if known else None,
        increases=int(total[kernel.INCREASES]),
        decreases=int(total[kernel.DECREASES]),
        throttled_units=float(total[kernel.THROTTLED_UNITS]),
        throttled_minutes=int(total[kernel.THROTTLED_MINUTES]),
        capacity=capacity.astype(np.int64),
    )
