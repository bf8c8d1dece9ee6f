"""dbt-duckdb's plugin: registers the simulation as SQL functions on the warehouse that dbt opens.

    optima_simulate(reads, writes, start_minute, settings)         one result per setting, in their order
    optima_capacity_hourly(reads, writes, start_minute, setting)   mean capacity of each UTC hour

`reads` and `writes` are units per second of each minute, NULL where unknown (a minute is known when both
are); `start_minute` is the first minute since 1970, UTC. Any NULL argument gives NULL.
"""

from __future__ import annotations

from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb.func import ARROW

RATES = "DOUBLE[]"
SETTING = (
    "STRUCT(setting_id VARCHAR,"
    " read_target DOUBLE, read_min DOUBLE, read_max DOUBLE,"
    " write_target DOUBLE, write_min DOUBLE, write_max DOUBLE,"
    " delay_minutes INTEGER, burst_seconds DOUBLE, hold_at_zero BOOLEAN)"
)
RESULT = "STRUCT(setting_id VARCHAR, {read}, {write}, known_minutes BIGINT)".format(
    **{
        dimension: f"{dimension}_unit_hours DOUBLE, {dimension}_unit_hours_upper DOUBLE,"
        f" {dimension}_least DOUBLE, {dimension}_greatest DOUBLE,"
        f" {dimension}_increases BIGINT, {dimension}_decreases BIGINT,"
        f" {dimension}_throttled_units DOUBLE, {dimension}_throttled_minutes BIGINT"
        for dimension in ("read", "write")
    }
)
HOURS = "STRUCT(read_capacity DOUBLE[], write_capacity DOUBLE[])"


def _simulate(reads: Any, writes: Any, start_minute: Any, settings: Any) -> Any:
    from optima.simulation import arrow

    return arrow.simulate(reads, writes, start_minute, settings)


def _capacity_hourly(reads: Any, writes: Any, start_minute: Any, setting: Any) -> Any:
    from optima.simulation import arrow

    return arrow.capacity_hourly(reads, writes, start_minute, setting)


FUNCTIONS = {
    "optima_simulate": (_simulate, [RATES, RATES, "BIGINT", f"{SETTING}[]"], f"{RESULT}[]"),
    "optima_capacity_hourly": (_capacity_hourly, [RATES, RATES, "BIGINT", SETTING], HOURS),
}


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to a connection and all others on its database; again does nothing."""
    for name, (function, parameters, result) in FUNCTIONS.items():
        known = connection.execute(
            "select 1 from duckdb_functions() where function_name = ?", [name]
        ).fetchone()
        if known is None:
            connection.create_function(
                name,
                function,
                [duckdb.type(parameter) for parameter in parameters],
                duckdb.type(result),
                type=ARROW,
            )


class Plugin(BasePlugin):
    """Named in profiles.yml by its module."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register the functions once per database; cursors inherit them."""
        register(conn)
