"""The simulation as its definition reads, in plain Python: slow, and sharing nothing with the kernel.

Every rule looks back over the whole history instead of keeping running values, so that a mistake in the
kernel's bookkeeping cannot be repeated here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

MINUTES_OF_AN_HOUR = 60
MINUTES_OF_A_DAY = 24 * 60


@dataclass
class Dimension:
    """One dimension's policy, its rates (None = unknown) and all that happened to it."""

    rates: list[float | None]
    target: float
    least_allowed: int
    most_allowed: int
    capacity: list[int] = field(default_factory=list)
    last_effect: int = 0
    pending: tuple[int, int] | None = None  # minute of the effect, new capacity
    bucket: float = 0.0
    increases: int = 0
    decreases: int = 0
    throttled: list[float] = field(default_factory=list)

    def wanted(self, rate: float) -> int:
        """The capacity a rate asks for."""
        return max(self.least_allowed, min(self.most_allowed, math.ceil(rate / self.target - 1e-9)))

    def first_capacity(self) -> int:
        """The capacity at the start."""
        known = [rate for rate in self.rates if rate is not None]
        return self.wanted(max(known[:30], default=0.0))

    def run(self, t: int, length: int, counts) -> list[float] | None:
        """The `length` rates that end at t, if all came since the last effect, are known and count."""
        if t - length + 1 < self.last_effect:
            return None
        rates = self.rates[t - length + 1 : t + 1]
        if any(rate is None or not counts(rate) for rate in rates):
            return None
        return rates

    def serve(self, t: int, burst_seconds: float) -> None:
        """Use capacity and bucket for the demand of minute t."""
        capacity, demand = self.capacity[t], 60 * self.rates[t]
        available = 60 * capacity + self.bucket
        self.throttled.append(max(0.0, demand - available))
        self.bucket = min(burst_seconds * capacity, max(0.0, available - demand))


def is_decrease_allowed(minute: int, decided: list[int]) -> bool:
    """Whether the resource may decrease at this minute, given the minutes of all its decreases so far."""
    today = [earlier for earlier in decided if earlier // MINUTES_OF_A_DAY == minute // MINUTES_OF_A_DAY]
    if not today:
        return True
    if len(today) < 4 and minute - today[0] < 60:
        return True
    return minute - today[-1] >= 60


def simulate(
    reads, writes, *, start_minute, read, write, delay_minutes=3, burst_seconds=300.0, hold_at_zero=False
) -> tuple[Dimension, Dimension]:
    """Run two policies, (target, least, most), over rates; None is unknown. Return all that happened."""
    known = [r is not None and w is not None for r, w in zip(reads, writes, strict=True)]
    dimensions = [
        Dimension([rate if is_known else None for rate, is_known in zip(rates, known, strict=True)], *policy)
        for rates, policy in ((reads, read), (writes, write))
    ]
    decided: list[int] = []
    for t in range(len(known)):
        for dimension in dimensions:
            in_force = dimension.capacity[-1] if t else dimension.first_capacity()
            if t == 0:
                dimension.bucket = burst_seconds * in_force
            if dimension.pending and dimension.pending[0] == t:
                in_force, dimension.last_effect, dimension.pending = dimension.pending[1], t, None
            dimension.capacity.append(in_force)
        if not known[t]:
            continue
        for dimension in dimensions:
            dimension.serve(t, burst_seconds)
        for dimension in dimensions:
            if dimension.pending is None:
                decide(dimension, t, start_minute + t, decided, delay_minutes, hold_at_zero)
    return dimensions[0], dimensions[1]


def decide(dimension, t, minute, decided, delay_minutes, hold_at_zero) -> None:
    """Start a change after known minute t, if the definition has one."""
    capacity = dimension.capacity[t]
    out_above = dimension.target * capacity + 1e-9
    in_below = round(dimension.target - 0.20, 9) * capacity - 1e-9

    high = dimension.run(t, 2, lambda rate: rate > out_above)
    low = dimension.run(t, 15, lambda rate: rate < in_below and not (hold_at_zero and rate == 0))
    if high:
        new = dimension.wanted(max(high))
        if new > capacity:
            dimension.increases += 1
            dimension.pending = (t + 1 + delay_minutes, new)
    elif low:
        new = dimension.wanted(max(low))
        if new < capacity and is_decrease_allowed(minute, decided):
            decided.append(minute)
            dimension.decreases += 1
            dimension.pending = (t + 1 + delay_minutes, new)


@dataclass(frozen=True)
class Results:
    """The sums of one dimension over known minutes."""

    unit_hours: float
    unit_hours_upper: float
    least: int | None
    mean: float | None
    greatest: int | None
    increases: int
    decreases: int
    throttled_units: float
    throttled_minutes: int


def results(dimension: Dimension, start_minute: int) -> Results:
    """Sum up what happened to a dimension."""
    known = [t for t, rate in enumerate(dimension.rates) if rate is not None]
    in_force = [dimension.capacity[t] for t in known]
    hours: dict[int, list[int]] = {}
    for t in known:
        hours.setdefault((start_minute + t) // MINUTES_OF_AN_HOUR, []).append(dimension.capacity[t])
    return Results(
        unit_hours=sum(in_force) / 60,
        unit_hours_upper=sum(max(hour) * len(hour) for hour in hours.values()) / 60,
        least=min(in_force, default=None),
        mean=sum(in_force) / len(in_force) if in_force else None,
        greatest=max(in_force, default=None),
        increases=dimension.increases,
        decreases=dimension.decreases,
        throttled_units=sum(dimension.throttled),
        throttled_minutes=sum(units > 1e-6 for units in dimension.throttled),
    )
