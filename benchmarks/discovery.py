"""Measure the discovery of an organisation of many accounts: how long it takes, and where the time goes.

    python -m benchmarks.discovery --accounts 1000 --latency 0.05

The organisation is the sandbox's, in a process of its own that shares this machine's processors. Seconds of
waiting are added up over threads, so that they may be more than the seconds that passed.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.endpoint import Endpoint
from botocore.httpsession import URLLib3Session
from botocore.parsers import ResponseParser

from loaders import inventory
from loaders.aws import Access, Sessions
from loaders.pipeline import OpenWarehouse, Warehouse
from optima.sandbox import SandboxConfig, running

# ru_maxrss is in kilobytes, except on macOS, where it is in bytes.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024

# What is timed, by which clock: the time that passes, or the processor time of the thread.
_STAGES: tuple[tuple[str, Any, str, Callable[[], float]], ...] = (
    ("waiting for answers, all threads", URLLib3Session, "send", time.perf_counter),
    ("sending and receiving, CPU", URLLib3Session, "send", time.thread_time),
    ("building and signing requests, CPU", Endpoint, "create_request", time.thread_time),
    ("parsing answers, CPU", ResponseParser, "parse", time.thread_time),
    ("making clients, CPU", Sessions, "_make", time.thread_time),
    ("committing by dlt", OpenWarehouse, "load", time.perf_counter),
    ("committing by dlt, CPU of its thread", OpenWarehouse, "load", time.thread_time),
)


def main(
    accounts: Annotated[int, typer.Option(min=1, help="Member accounts, of three regions each.")] = 100,
    tables: Annotated[int | None, typer.Option(min=0, help="Tables in all. Default: 3 an account.")] = None,
    latency: Annotated[float, typer.Option(min=0, help="Seconds that each answer takes longer.")] = 0.05,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Accounts and regions at a time.")] = 8,
) -> None:
    """Serve an organisation, discover it once, print what that took."""
    config = SandboxConfig(
        accounts=accounts,
        tables=3 * accounts if tables is None else tables,
        days=1,
        latency_seconds=latency,
        billing_export=False,
    )
    with running(config) as sandbox, tempfile.TemporaryDirectory() as folder, ExitStack() as timers:
        os.environ.update(sandbox.environment())
        seconds: defaultdict[str, float] = defaultdict(float)
        for stage in _STAGES:
            timers.enter_context(_timed(seconds, *stage))
        warehouse = Warehouse(Path(folder) / "optima.duckdb", Path(folder) / "state")
        access = Access(use_organizations=True, concurrency=concurrency)
        with warehouse.open():
            pass  # its tables are made once in the life of a workspace
        before, began = _cpu_seconds(), time.perf_counter()
        report = inventory.load(warehouse, access, now=sandbox.end)
        took, cpu = time.perf_counter() - began, _cpu_seconds() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT / 2**20
    print(
        f"{report.accounts:,} accounts, {report.units_done:,} of {report.units_total:,} accounts × regions, "
        f"{sum(report.counts.values()):,} tables, {report.outcome}\n"
        f"{took:.1f} s, {report.calls:,} calls, {report.calls / took:.1f} calls/s, "
        f"{report.bytes / 2**20:.1f} MiB, {cpu:.1f} CPU s, {peak:.0f} MiB at most\n"
    )
    for name, *_ in _STAGES:
        print(f"{name:36} {seconds[name]:9.1f} s")


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def _timed(
    seconds: defaultdict[str, float], stage: str, owner: Any, method: str, clock: Callable[[], float]
) -> Iterator[None]:
    """Add up what a method takes, in whichever thread."""
    original, lock = getattr(owner, method), threading.Lock()

    @wraps(original)
    def timed(*arguments: Any, **named: Any) -> Any:
        began = clock()
        try:
            return original(*arguments, **named)
        finally:
            with lock:
                seconds[stage] += clock() - began

    setattr(owner, method, timed)
    try:
        yield
    finally:
        setattr(owner, method, original)


if __name__ == "__main__":
    typer.run(main)
