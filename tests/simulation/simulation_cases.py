"""Random series that meet every rule of autoscaling: stairs, ramps, noise, spikes, idleness, gaps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import strategies as st

from optima.simulation import Policy, Simulation, simulate

# 2026-11-01T00:00 UTC; a test adds minutes to it so that hours and days are cut anywhere.
MIDNIGHT = 29_626_560

# Levels on which comparisons are equalities for the usual targets, beside arbitrary ones.
LEVELS = st.one_of(
    st.sampled_from([0.0, 0.5, 0.7, 1.0, 1.4, 3.5, 7.0, 10.5, 12.0, 35.0, 70.0, 700.0]),
    st.floats(0, 50, allow_subnormal=False),
    st.floats(0, 5_000, allow_subnormal=False),
)
KINDS = st.sampled_from(["flat", "noise", "spikes", "ramp", "stairs down", "stairs up", "idle", "unknown"])
TARGETS = st.one_of(
    st.sampled_from([0.2, 0.5, 0.55, 0.7, 0.8, 0.9]), st.integers(15, 100).map(lambda pct: pct / 100)
)


@dataclass(frozen=True)
class Case:
    """Everything that a simulation is given; None is an unknown minute."""

    reads: list[float | None]
    writes: list[float | None]
    start_minute: int
    read: tuple[float, int, int]  # target, least, most
    write: tuple[float, int, int]
    delay_minutes: int
    burst_seconds: float
    hold_at_zero: bool


def stretch(kind: str, minutes: int, level: float, random: np.random.Generator) -> np.ndarray:
    """One stretch of a series."""
    ramp = np.arange(minutes)
    match kind:
        case "noise":
            return level * random.gamma(4, 0.25, minutes)
        case "spikes":
            return level * np.where(random.random(minutes) < 0.05, 20, random.random(minutes))
        case "ramp":
            return level * (1 + ramp / 20)
        case "stairs down":
            return level * 0.8 ** (ramp // 17)
        case "stairs up":
            return level * 1.3 ** np.minimum(ramp // 9, 20)
        case "idle":
            return np.where(random.random(minutes) < 0.03, level, 0.0)
        case "unknown":
            return np.full(minutes, np.nan)
    return np.full(minutes, level)


@st.composite
def rates(draw: st.DrawFn, minutes: int) -> list[float | None]:
    """One dimension's series of the given length: a few stretches, over and over."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    drawn = draw(st.lists(st.tuples(KINDS, st.integers(1, 240), LEVELS), min_size=1, max_size=8))
    pattern, length = [], 0
    while length < minutes:
        kind, span, level = drawn[len(pattern) % len(drawn)]
        pattern.append(stretch(kind, span, level, random))
        length += span
    flat = np.concatenate([np.empty(0), *pattern])[:minutes]
    return [None if np.isnan(rate) else float(rate) for rate in flat]


@st.composite
def bounded_policies(draw: st.DrawFn) -> tuple[float, int, int]:
    """A target with bounds that seldom bind, and some that always do."""
    least = draw(st.one_of(st.just(1), st.integers(1, 60)))
    most = draw(st.one_of(st.just(40_000), st.integers(least, 300)))
    return draw(TARGETS), least, most


@st.composite
def cases(draw: st.DrawFn, minutes: st.SearchStrategy[int]) -> Case:
    """A resource, its policies and the shared settings."""
    length = draw(minutes)
    return Case(
        reads=draw(rates(length)),
        writes=draw(rates(length)),
        start_minute=MIDNIGHT + draw(st.integers(0, 1439)),
        read=draw(bounded_policies()),
        write=draw(bounded_policies()),
        delay_minutes=draw(st.sampled_from([0, 1, 3, 3, 3, 7])),
        burst_seconds=draw(st.sampled_from([0.0, 60.0, 300.0, 300.0, 17.3])),
        hold_at_zero=draw(st.booleans()),
    )


def falling(*steps: tuple[float, int]) -> list[float | None]:
    """Rates, each for its minutes."""
    return [rate for rate, minutes in steps for _ in range(minutes)]


def allowance_cases() -> list[Case]:
    """More decreases than are allowed at once, which a random series seldom asks for."""
    both = falling((7_000, 30), *((7_000 * 0.4**step, 15) for step in range(1, 12)))
    slowly = falling((70, 60), (28, 30), (11, 30), (4, 60))
    idle = [0.0] * len(slowly)
    policy = (0.7, 1, 40_000)
    shared = {
        "read": policy,
        "write": policy,
        "delay_minutes": 0,
        "burst_seconds": 300.0,
        "hold_at_zero": False,
    }
    return [
        # Four within the first hour, then one an hour, reads before writes.
        Case(reads=both, writes=both, start_minute=MIDNIGHT, **shared),
        # The first hour is over before four were decided.
        Case(reads=slowly, writes=idle, start_minute=MIDNIGHT - 60, **shared),
    ]


def simulated(case: Case) -> Simulation:
    """What the kernel makes of a case."""
    return simulate(
        [np.nan if rate is None else rate for rate in case.reads],
        [np.nan if rate is None else rate for rate in case.writes],
        start=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=case.start_minute),
        read=Policy(*case.read),
        write=Policy(*case.write),
        delay_minutes=case.delay_minutes,
        burst_seconds=case.burst_seconds,
        hold_at_zero=case.hold_at_zero,
    )
