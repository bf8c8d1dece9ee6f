"""The compiled kernel does, to the bit, what the definition says in plain Python."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import results as reference_results
from reference import simulate as reference_simulate
from series import Case, cases

from optima.simulation import Policy, Simulation, simulate

RESULTS = (
    "unit_hours",
    "unit_hours_upper",
    "least",
    "mean",
    "greatest",
    "increases",
    "decreases",
    "throttled_units",
    "throttled_minutes",
)


def simulated(case: Case) -> Simulation:
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


def assert_kernel_is_reference(case: Case) -> None:
    simulation = simulated(case)
    dimensions = reference_simulate(**asdict(case))
    for dimension, result in zip(dimensions, (simulation.read, simulation.write), strict=True):
        assert result.capacity.tolist() == dimension.capacity
        expected = reference_results(dimension, case.start_minute)
        assert {name: getattr(result, name) for name in RESULTS} == asdict(expected)
    assert simulation.known_minutes == sum(
        r is not None and w is not None for r, w in zip(case.reads, case.writes, strict=True)
    )


@given(cases(minutes=st.integers(0, 1440)))
@settings(max_examples=250, deadline=None)
def test_up_to_a_day(case: Case) -> None:
    assert_kernel_is_reference(case)


@given(cases(minutes=st.just(14 * 1440)))
@settings(max_examples=20, deadline=None)
def test_fourteen_days(case: Case) -> None:
    assert_kernel_is_reference(case)
