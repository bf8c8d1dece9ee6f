"""The steps from points to simulated policies, each in a process of its own: what dbt runs, without dbt."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Usage, measured, own_measure
from optima.workspace import Workspace

# A statement runs part by part, as dbt runs those that gather lists, into a scratch file. What it takes is
# counted from when everything is imported and the compiled simulation loaded: dbt does that once a build.
STATEMENT = """
import duckdb, resource, sys, time
from optima.simulation.dbt_plugin import register
warehouse, scratch, statement, parts = sys.argv[1:]
connection = duckdb.connect(scratch)
connection.execute(f"attach '{warehouse}' as optima (read_only)")
connection.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
connection.execute("set threads = 2; set enable_progress_bar = false")
register(connection)
setting = "{'setting_id': '', 'delay_minutes': 3, 'burst_seconds': 60, 'hold_at_zero': false," \
    " 'read_target': 0.7, 'read_min': 1, 'read_max': 1, 'write_target': 0.7, 'write_min': 1, 'write_max': 1}"
connection.execute(f"select optima_simulate([1.0], [1.0], 0, [{setting}])").fetchall()

def taken():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, time.perf_counter()

before = taken()
sql = open(statement).read()
for part in range(int(parts)):
    connection.execute(f"set variable parts = {parts}; set variable part = {part}")
    connection.execute(("insert into written " if part else "create table written as ") + sql)
print(*(after - began for began, after in zip(before, taken())))
"""

ONE_SETTING = """
select resource_key, optima_simulate(reads, writes, start_minute, [{
    'setting_id': '', 'read_target': 0.7, 'read_min': 1.0, 'read_max': 40000.0,
    'write_target': 0.7, 'write_min': 1.0, 'write_max': 40000.0,
    'delay_minutes': 3, 'burst_seconds': 60.0, 'hold_at_zero': false
}]) as results
from optima.intermediate.int_demand__windows
"""

COMPILATION = "from benchmarks import kernel; kernel.seconds_per_resource([(0.7, 1.0)])"

TABLES_PER_PART = 1000


def stages(workspace: Workspace, tables: int, scratch: Path) -> Iterator[tuple[str, Usage]]:
    """Run each step on a built workspace and yield what it took; the simulation is compiled already."""
    one_setting = scratch / "one_setting.sql"
    one_setting.write_text(ONE_SETTING)
    compiled = workspace.dbt_target / "compiled/dynamodb_optima/models/intermediate"
    statements = {
        "day arrays": (compiled / "demand/int_demand__days_arrayed.sql", math.ceil(tables / TABLES_PER_PART)),
        "gathering": (compiled / "demand/int_demand__windows.sql", math.ceil(2 * tables / TABLES_PER_PART)),
        "one setting": (one_setting, 1),
        "search": (compiled / "capacity/int_capacity__simulated.sql", 1),
        "finalists": (compiled / "capacity/int_capacity__finalists_simulated.sql", 1),
    }
    environment = {"NUMBA_CACHE_DIR": str(workspace.compiled)}
    for name, (statement, parts) in statements.items():
        written = scratch / "written.duckdb"
        written.unlink(missing_ok=True)
        places = [str(workspace.warehouse), str(written), str(statement), str(parts)]
        yield name, own_measure([sys.executable, "-c", STATEMENT, *places], environment)


def compilation(scratch: Path) -> Usage:
    """Compile the simulation, as the first build of a workspace does."""
    return measured([sys.executable, "-c", COMPILATION], {"NUMBA_CACHE_DIR": str(scratch / "numba")})
