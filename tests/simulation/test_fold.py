"""The fold in SQL and the kernel are two implementations of one definition, minute for minute."""

from __future__ import annotations

import duckdb
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from simulation_cases import Case, allowance_cases, cases, simulated
from simulation_project import Project

COLUMNS = """
    id integer, reads double[], writes double[], start_minute bigint,
    setting struct(
        setting_id varchar,
        read_target double, read_min double, read_max double,
        write_target double, write_min double, write_max double,
        delay_minutes integer, burst_seconds double, hold_at_zero boolean
    )
"""


def row(place: int, case: Case) -> tuple:
    setting = {
        "setting_id": "any",
        **dict(zip(("read_target", "read_min", "read_max"), case.read, strict=True)),
        **dict(zip(("write_target", "write_min", "write_max"), case.write, strict=True)),
        "delay_minutes": case.delay_minutes,
        "burst_seconds": case.burst_seconds,
        "hold_at_zero": case.hold_at_zero,
    }
    return place, case.reads, case.writes, case.start_minute, setting


def drawn(count: int, minutes: st.SearchStrategy[int]) -> list[Case]:
    """Draw random cases: one run of the fold takes them all, because its time hardly depends on how many."""
    found = []

    @given(cases(minutes))
    @settings(max_examples=count, phases=[Phase.generate], database=None, deadline=None)
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found


def test_fold_is_kernel_on_random_resources_of_up_to_a_day(project: Project) -> None:
    every_case = [*allowance_cases(), *drawn(60, st.integers(1, 1440))]
    with duckdb.connect(project.warehouse) as warehouse:
        warehouse.execute(f"create or replace table simulations ({COLUMNS})")
        rows = [row(place, case) for place, case in enumerate(every_case)]
        warehouse.executemany("insert into simulations values (?, ?, ?, ?, ?)", rows)
    project.model("folded", "{{ simulate_fold('simulations', 'id') }}")
    project.dbt("run")
    with duckdb.connect(project.warehouse) as warehouse:
        cursor = warehouse.execute("select * from folded order by id, dimension")
        names = [column[0] for column in cursor.description]
        folded = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]

    assert len(folded) == 2 * len(every_case)
    for fold in folded:
        simulation = simulated(every_case[fold["id"]])
        kernel = getattr(simulation, fold["dimension"])
        assert [minute["units"] for minute in fold["capacity"]] == kernel.capacity.tolist()
        assert fold["known_minutes"] == simulation.known_minutes
        for total in (
            "unit_hours",
            "unit_hours_upper",
            "least",
            "greatest",
            "increases",
            "decreases",
            "throttled_units",
            "throttled_minutes",
        ):
            assert fold[total] == getattr(kernel, total), total
