"""Measure a load of metrics from the sandbox: from the socket to rows that are committed, on this machine.

    python -m benchmarks.loading --tables 100

The sandbox serves from a child process and the load runs in another, so that each is measured by itself; they
share the machine. Where the load's time goes is counted by clocks around its steps: those of its main thread
follow one another, those of the threads that fetch run beside them.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

import typer

from benchmarks.measuring import Usage, own_report
from optima.sandbox import Sandbox, SandboxConfig, running

END = datetime(2026, 11, 1)


def main(
    tables: Annotated[int, typer.Option(min=1, help="Tables of the organisation; some have indexes.")] = 100,
    days: Annotated[int, typer.Option(min=1, max=15, help="Days of minutes.")] = 14,
    accounts: Annotated[int, typer.Option(min=1, help="Member accounts.")] = 6,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Units read at the same time.")] = 8,
    latency: Annotated[float, typer.Option(min=0, help="Seconds that the sandbox adds to each call.")] = 0.0,
    long_memory: Annotated[bool, typer.Option(help="Read the hours of 455 days too.")] = False,
) -> None:
    """Load an organisation's metrics into an empty warehouse and print what it took, then a second time."""
    config = SandboxConfig(accounts=accounts, tables=tables, days=days, end=END, latency_seconds=latency)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with running(config) as sandbox:
            _run(sandbox, {"step": "inventory", "folder": scratch})
        with _children() as idle, running(config):
            pass
        with _children() as server, running(config) as sandbox:
            asked = {"step": "metrics", "folder": scratch, "days": days, "concurrency": concurrency}
            asked["long_memory"] = long_memory
            first, taken = _run(sandbox, asked)
            second, taken_again = _run(sandbox, asked)
        size = (folder / "optima.duckdb").stat().st_size / 2**30
    loaders = taken.cpu_seconds + taken_again.cpu_seconds
    _print(first, taken)
    print(f"server: {server[0] - idle[0] - loaders:.1f} CPU s; warehouse: {size:.2f} GB")
    print(f"the same again: {second.calls} calls, {second.seconds:.1f} s")


@dataclass(frozen=True)
class Measures:
    """What a load says of itself: `clocks` has wall and processor seconds by step."""

    rows: int
    calls: int
    bytes: int
    usd: float
    seconds: float
    status: str
    clocks: dict[str, tuple[float, float]]


def _print(load: Measures, usage: Usage) -> None:
    rate = load.rows / load.seconds
    print(
        f"{load.rows:,} points, {load.status}: {load.seconds:.1f} s, {rate:,.0f} points/s, "
        f"{load.calls:,} calls, {load.bytes / 2**20:,.0f} MB received, "
        f"{usage.peak_bytes / 2**20:,.0f} MB at most, {usage.cpu_seconds:.1f} CPU s, ${load.usd:.2f}"
    )
    for name, (wall, cpu) in load.clocks.items():
        print(f"    {name:42}{wall:8.1f} s {cpu:8.1f} CPU s of its threads")


def _run(sandbox: Sandbox, asked: dict[str, Any]) -> tuple[Measures, Usage]:
    """Run a step in a child process that talks to the sandbox."""
    command = [sys.executable, "-c", "from benchmarks.loading import child; child()", json.dumps(asked)]
    printed, usage = own_report(command, sandbox.environment())
    return Measures(**json.loads(printed.splitlines()[-1])), usage


@contextmanager
def _children() -> Iterator[list[float]]:
    """Count the processor seconds of the child processes that end while the block runs."""
    counted: list[float] = []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    yield counted
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    counted.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def child() -> None:
    """Run one step, as its JSON argument says, and print what it took."""
    from loaders import cloudwatch, inventory
    from loaders.aws import Access
    from loaders.pipeline import Warehouse

    asked = json.loads(sys.argv[1])
    folder = Path(asked["folder"])
    warehouse = Warehouse(folder / "optima.duckdb", folder / "state")
    access = Access(use_organizations=True, concurrency=asked.get("concurrency", 8))
    clocks = Clocks()
    began = time.perf_counter()
    if asked["step"] == "inventory":
        report = inventory.load(warehouse, access, now=END, skip_tags=True)
    else:
        _watch(clocks)
        began = time.perf_counter()
        report = cloudwatch.load(
            warehouse,
            access,
            start=END - timedelta(days=asked["days"]),
            end=END,
            now=END,
            long_memory=asked["long_memory"],
        )
    seconds = time.perf_counter() - began
    measures = Measures(
        report.rows, report.calls, report.bytes, report.usd, seconds, report.status, clocks.seconds
    )
    print(json.dumps(asdict(measures)))


class Clocks:
    """Wall and processor seconds by step, added up over threads."""

    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}
        self._lock = Lock()

    def around(self, owner: Any, name: str, step: str) -> None:
        """Put a clock around a function."""
        function: Callable[..., Any] = getattr(owner, name)
        self.seconds.setdefault(step, (0.0, 0.0))

        @wraps(function)
        def clocked(*arguments: Any, **named: Any) -> Any:
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                took = time.perf_counter() - wall, time.thread_time() - cpu
                with self._lock:
                    before = self.seconds[step]
                    self.seconds[step] = (before[0] + took[0], before[1] + took[1])

        setattr(owner, name, clocked)


def _watch(clocks: Clocks) -> None:
    """Put clocks around the steps of a load of metrics."""
    from botocore.httpsession import URLLib3Session
    from dlt.pipeline.pipeline import Pipeline

    from loaders import batches
    from loaders.aws import parsing
    from loaders.cloudwatch import pacing, reader, spans
    from loaders.ledger import Operation

    load = sys.modules["loaders.cloudwatch.load"]  # its package has a function of that name
    clocks.around(pacing.Pacer, "wait", "fetching: waiting for its turn")
    clocks.around(URLLib3Session, "send", "fetching: waiting for the server, HTTP")
    clocks.around(parsing._ColumnParser, "parse", "fetching: JSON")
    clocks.around(reader._Answer, "add", "fetching: arrays")
    clocks.around(batches, "wait", "main: waiting for units")
    clocks.around(load, "plan", "main: planning")
    clocks.around(spans, "known", "main: reading spans")
    clocks.around(spans, "withdraw", "main: withdrawing spans (DuckDB)")
    clocks.around(spans, "delete_rows", "main: deleting rows (DuckDB)")
    clocks.around(load, "points_table", "main: building Arrow")
    clocks.around(Pipeline, "extract", "main: dlt, extract")
    clocks.around(Pipeline, "normalize", "main: dlt, normalize")
    clocks.around(Pipeline, "load", "main: dlt, load (DuckDB)")
    clocks.around(spans, "enter", "main: entering spans (DuckDB)")
    clocks.around(Operation, "plan", "main: ledger")
    clocks.around(Operation, "done", "main: ledger")


if __name__ == "__main__":
    typer.run(main)
