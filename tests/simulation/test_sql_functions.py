"""The functions that dbt's plugin registers: the kernel, seen from SQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pytest

from optima.simulation import DimensionResult, Policy, Simulation, simulate
from optima.simulation.dbt_plugin import register

EPOCH = datetime(1970, 1, 1)
START_MINUTE = 29_626_560 + 17  # 2026-11-01T00:17
SETTING = {
    "setting_id": "'own'",
    "read_target": "0.7",
    "read_min": "1",
    "read_max": "40000",
    "write_target": "0.7",
    "write_min": "1",
    "write_max": "40000",
    "delay_minutes": "3",
    "burst_seconds": "300",
    "hold_at_zero": "false",
}
SIMULATE = "optima_simulate({reads}, {writes}, {start}, [{settings}])"


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        register(connection)
        yield connection


def setting(**changes: str) -> str:
    """A setting as SQL writes it."""
    return "{" + ", ".join(f"{field}: {value}" for field, value in (SETTING | changes).items()) + "}"


def call(reads: str = "[70, 80]", writes: str = "[7, 8]", *, settings: str = setting()) -> str:
    return SIMULATE.format(reads=reads, writes=writes, start=START_MINUTE, settings=settings)


def nulls(rates: np.ndarray) -> list[float | None]:
    """Rates with NULL where unknown."""
    return [None if np.isnan(rate) else rate for rate in rates.tolist()]


def fill(warehouse: duckdb.DuckDBPyConnection, resources: int, minutes: int) -> list[np.ndarray]:
    """Make a table of noisy resources, some minutes of some unknown; return their reads and writes."""
    random = np.random.default_rng(7)
    columns = "id integer, reads double[], writes double[], start_minute bigint"
    warehouse.execute(f"create table resources ({columns})")
    series = []
    for resource in range(resources):
        rates = random.gamma(2, 20 + resource % 50, (2, minutes))
        if resource % 3 == 0:
            rates[0, random.random(minutes) < 0.02] = np.nan
        series.append(rates)
        row = [resource, nulls(rates[0]), rates[1].tolist(), START_MINUTE + resource]
        warehouse.execute("insert into resources values (?, ?, ?, ?)", row)
    return series


def as_result(simulation: Simulation, setting_id: str) -> dict[str, Any]:
    """What SQL should say of a simulation."""

    def dimension(name: str, result: DimensionResult) -> dict[str, Any]:
        return {
            f"{name}_unit_hours": result.unit_hours,
            f"{name}_unit_hours_upper": result.unit_hours_upper,
            f"{name}_least": result.least,
            f"{name}_greatest": result.greatest,
            f"{name}_increases": result.increases,
            f"{name}_decreases": result.decreases,
            f"{name}_throttled_units": result.throttled_units,
            f"{name}_throttled_minutes": result.throttled_minutes,
        }

    return {
        "setting_id": setting_id,
        **dimension("read", simulation.read),
        **dimension("write", simulation.write),
        "known_minutes": simulation.known_minutes,
    }


def test_every_setting_of_every_row_is_simulated_in_its_place(warehouse: duckdb.DuckDBPyConnection) -> None:
    series = fill(warehouse, resources=40, minutes=300)
    settings = [
        setting(),
        setting(setting_id="'held'", hold_at_zero="true", read_target="0.5", burst_seconds="60"),
        setting(setting_id="'bounded'", write_min="40", write_max="60", delay_minutes="5"),
    ]
    policies = [
        ("own", {}),
        ("held", {"hold_at_zero": True, "read": Policy(0.5), "burst_seconds": 60}),
        ("bounded", {"write": Policy(0.7, 40, 60), "delay_minutes": 5}),
    ]
    # Each row has one to three of them.
    rows = warehouse.sql(
        f"""
        select id, optima_simulate(reads, writes, start_minute, [{", ".join(settings)}][1 : 1 + id % 3])
        from resources order by id
        """
    ).fetchall()
    assert len(rows) == 40
    for resource, results in rows:
        start = EPOCH + timedelta(minutes=START_MINUTE + resource)
        assert results == [
            as_result(simulate(*series[resource], start=start, **arguments), setting_id)
            for setting_id, arguments in policies[: 1 + resource % 3]
        ]


def test_more_rows_than_one_call_carries(warehouse: duckdb.DuckDBPyConnection) -> None:
    different = warehouse.sql(
        f"""
        with results as (
            select id, optima_simulate([id % 900], [0], 0, [{setting()}])[1] as result
            from range(5000) as rows(id)
        )
        select count(*), count(*) filter (result.read_least <> greatest(1, ceil(id % 900 / 0.7 - 1e-9)))
        from results
        """
    ).fetchone()
    assert different == (5000, 0)


def test_capacity_of_each_hour_is_the_mean_over_its_known_minutes(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    # 43 minutes of the first hour, then an hour of which nothing is known, then ten minutes.
    reads = np.concatenate([np.full(30, 7.0), np.full(13, 70.0), np.full(60, np.nan), np.full(10, 70.0)])
    writes = np.full(reads.size, 7.0)
    statement = f"select unnest(optima_capacity_hourly(?, ?, {START_MINUTE}, {setting()}))"
    capacity = warehouse.execute(statement, [nulls(reads), writes.tolist()]).fetchone()
    # Decided after minute 31, in force from 35: 35 minutes of 10 and 8 of 100.
    assert capacity == ([(35 * 10 + 8 * 100) / 43, None, 100], [10, None, 10])


def test_capacity_of_hours_follows_each_row(warehouse: duckdb.DuckDBPyConnection) -> None:
    series = fill(warehouse, resources=20, minutes=200)
    hourly = f"optima_capacity_hourly(reads, writes, start_minute, {setting()})"
    rows = warehouse.sql(f"select id, {hourly} from resources order by id").fetchall()
    for resource, hours in rows:
        start = START_MINUTE + resource
        simulation = simulate(*series[resource], start=EPOCH + timedelta(minutes=start))
        is_known = ~np.isnan(series[resource][0])
        hour = (start + np.arange(200)) // 60
        for dimension in ("read", "write"):
            capacity = getattr(simulation, dimension).capacity
            expected = [capacity[(hour == h) & is_known].mean() for h in np.unique(hour)]
            assert hours[f"{dimension}_capacity"] == pytest.approx(expected, rel=1e-14)


def test_null_arguments_give_null(warehouse: duckdb.DuckDBPyConnection) -> None:
    for arguments in (("null", "[1]"), ("[1]", "null")):
        assert warehouse.sql(f"select {call(*arguments)}").fetchone() == (None,)


def test_nothing_known_has_no_extremes(warehouse: duckdb.DuckDBPyConnection) -> None:
    for reads, writes in (("[null, null]", "[1, 2]"), ("[]", "[]")):
        (results,) = warehouse.sql(f"select {call(reads, writes)}").fetchone()
        assert (results[0]["known_minutes"], results[0]["read_unit_hours"]) == (0, 0)
        assert results[0]["read_least"] is results[0]["write_greatest"] is None


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        (
            call(settings=setting(read_target="70")),
            "setting 'own': the read target must be a ratio above 0 and at most 1, but is 70",
        ),
        (
            call(settings=setting() + ", " + setting(setting_id="'b'", write_min="0.5")),
            "setting 'b': the write minimum must be a whole number from 1, but is 0.5",
        ),
        (call(settings=setting(write_max="null")), "setting 'own': write_max must not be NULL"),
        (call("[1]"), "reads and writes of a resource must be of the same minutes, but one has 1 and 2"),
        (call("[1, -1]"), "a read rate must be a number of units per second from 0, but one is -1.0"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    warehouse: duckdb.DuckDBPyConnection, expression: str, sentence: str
) -> None:
    with pytest.raises(duckdb.InvalidInputException) as refusal:
        warehouse.sql(f"select {expression}").fetchall()
    assert str(refusal.value).splitlines()[0].endswith(f"ValueError: {sentence}")


def test_registering_again_and_on_a_cursor_does_nothing(warehouse: duckdb.DuckDBPyConnection) -> None:
    cursor = warehouse.cursor()
    register(cursor)
    register(warehouse)
    assert cursor.sql(f"select len({call()})").fetchone() == (1,)
