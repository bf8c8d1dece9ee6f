"""The compiled kernel does, to the bit, what the definition says in plain Python."""

from __future__ import annotations

from dataclasses import asdict

from hypothesis import given, settings
from hypothesis import strategies as st
from reference import results as reference_results
from reference import simulate as reference_simulate
from simulation_cases import Case, cases, simulated

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
