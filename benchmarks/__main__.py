"""Measure a build of a made-up organisation, beside the least that any build of it would take."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import kernel, stages
from benchmarks.measuring import Usage, measured
from benchmarks.organisation import Organisation, add_a_day, prepare
from optima import transform
from optima.workspace import Workspace

END = datetime(2026, 11, 1)

# Reading the minutes once and sorting them by series and time, which every build must do in some way.
FLOOR = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("set enable_progress_bar = false")
connection.execute('''
    select sum(value * place)
    from (
        select value, row_number() over (partition by series order by timestamp) as place
        from (
            select hash(account_id, region, resource_name, metric_name) as series, timestamp, value
            from raw_cloudwatch.metrics
            where period_seconds = 60
        )
    )
''').fetchall()
"""


def main(
    tables: Annotated[int, typer.Option(min=1, help="Tables, each with reads and writes.")] = 100,
    days: Annotated[int, typer.Option(min=1, help="Days of minutes.")] = 14,
    memory_days: Annotated[int, typer.Option(min=0, help="Days of hours before those.")] = 60,
    project_root: Annotated[Path | None, typer.Option(help="Keep the warehouse in this new folder.")] = None,
) -> None:
    """Make a warehouse, build it, again, and after one more day, each in a child process; print the cost."""
    organisation = Organisation(tables, days, memory_days, END)
    with tempfile.TemporaryDirectory() as scratch:
        workspace = Workspace.at(project_root or Path(scratch))
        prepare(organisation, workspace)
        size = workspace.warehouse.stat().st_size / 2**30
        print(
            f"{tables} tables × {days} days: {organisation.minute_points:,} minutes, {size:.2f} GB on disk\n"
        )

        floor = measured([sys.executable, "-c", FLOOR, str(workspace.warehouse)], {})

        def report(name: str, usage: Usage) -> None:
            print(f"{name:16}{usage} {usage.cpu_seconds / floor.cpu_seconds:6.1f} × the floor")

        report("scan and sort", floor)
        first = _build(workspace, END)
        report("build", first)
        _print_models(workspace)
        # Before the next build writes the models' statements anew: those of a full build.
        steps = dict(stages.stages(workspace, tables, Path(scratch)))
        again = _build(workspace, END)
        report("build again", again)
        add_a_day(organisation, workspace)
        later = _build(workspace, END + timedelta(days=1))
        report("one more day", later)
        _print_models(workspace)
        for name, usage in steps.items():
            report(name, usage)
        together = sum(steps[name].cpu_seconds for name in ("day arrays", "gathering", "one setting"))
        searched = sum(steps[name].cpu_seconds for name in ("search", "finalists"))
        each = 1000 * together / tables
        print(f"day arrays, gathering and one setting: {together:.1f} CPU s, {each:.0f} ms a table")
        print(f"the whole search: {searched:.1f} CPU s")
        report("compilation", stages.compilation(Path(scratch)))
    _print_kernel()


def _build(workspace: Workspace, as_of: datetime) -> Usage:
    """Run dbt on the workspace as the command line does, in a process of its own."""
    values = {"as_of": as_of.isoformat(), "decisions_path": str(workspace.decisions)}
    arguments = transform.arguments(
        ["build", "--selector", transform.EVERYTHING], transform.Project.find(), workspace, values=values
    )
    environment = {"OPTIMA_WAREHOUSE": str(workspace.warehouse), "NUMBA_CACHE_DIR": str(workspace.compiled)}
    try:
        return measured([str(Path(sys.executable).with_name("dbt")), *arguments], environment)
    except subprocess.CalledProcessError as error:
        for result in _results(workspace):
            if result["status"] in ("error", "fail"):
                print(f"{result['unique_id']}: {result['message']}", file=sys.stderr)
        raise typer.Exit(1) from error


def _results(workspace: Workspace) -> list[dict[str, Any]]:
    """Read what dbt says of each part of the last build."""
    written = json.loads((workspace.dbt_target / "run_results.json").read_text())
    return list(written["results"])


def _print_models(workspace: Workspace, longest: int = 12) -> None:
    """Print the wall seconds of the slowest parts of the last build."""
    slowest = sorted(_results(workspace), key=lambda result: -result["execution_time"])[:longest]
    for result in slowest:
        print(f"    {result['execution_time']:7.2f} s  {result['unique_id'].split('.', 1)[1]}")


def _print_kernel() -> None:
    """Print what the simulation itself takes."""
    for settings in ([(0.70, 1.0)], kernel.SEARCHED):
        milliseconds = 1000 * kernel.seconds_per_resource(settings)
        print(f"kernel: {len(settings)} settings of 14 days, {milliseconds:.2f} CPU ms a resource")


if __name__ == "__main__":
    typer.run(main)
