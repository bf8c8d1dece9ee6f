"""dbt's models find the functions on every thread."""

from __future__ import annotations

import duckdb
from simulation_project import Project

MODEL = """
select
    id,
    optima_simulate(
        list_transform(range(60), lambda minute: id + minute % 7),
        list_transform(range(60), lambda minute: id),
        29626560,
        [{{
            setting_id: 'own',
            read_target: 0.7, read_min: 1, read_max: 40000,
            write_target: 0.7, write_min: 1, write_max: 40000,
            delay_minutes: 3, burst_seconds: 300, hold_at_zero: false
        }}]
    )[1].write_unit_hours as unit_hours
from range({first}, {first} + 3000) as rows(id)
"""


def test_models_simulate_side_by_side_and_again(project: Project) -> None:
    for place in range(4):
        project.model(f"part_{place}", MODEL.format(first=place * 3000))
    # Twice, while somebody else in the process holds the database: the functions are there already.
    with duckdb.connect(project.warehouse) as warehouse:
        for _ in range(2):
            project.dbt("run")
        wrong = "sum((unit_hours <> greatest(1, ceil(id / 0.7 - 1e-9)))::integer)"
        for place in range(4):
            assert warehouse.sql(f"select count(*), {wrong} from part_{place}").fetchone() == (3000, 0)
