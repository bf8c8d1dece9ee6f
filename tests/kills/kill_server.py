"""A process that has imported everything and forks a child for each command: imports are paid for once.

It reads one order a line from its standard input (JSON: arguments, environment, trace, output), answers with
the child's process id, and when the child has ended with its wait status. A child notes in its trace, line by
line, which phase it enters and when; what is written there survives its being killed.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import resource
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dbt.adapters.duckdb.connections
import dbt.cli.main
import dlt
import duckdb
import numba
import pandas
import pyarrow.parquet
import rich.progress
import s3transfer.manager
from dlt.destinations.impl.duckdb import duck

import optima.minutes
import optima.publish
import optima.settings
import optima.transform
from loaders import batches, billing, cloudwatch, inventory, ledger, pipeline, pricing
from loaders.billing import data_files
from loaders.cloudwatch import spans
from optima.cli import operations
from optima.cli.app import app

# Imported here so that no child has to.
_PRELOADED = (
    dbt,
    dlt,
    duck,
    duckdb,
    numba,
    pandas,
    pyarrow,
    rich,
    s3transfer,
    billing,
    cloudwatch,
    inventory,
    pricing,
)

# So small that a command of the tests commits several batches.
ROWS_OF_A_BATCH = 20_000

STARTING = "starting"
FETCHING = "fetching"
# Where a command is, by the function that it is in: (owner, name of the function, phase).
PHASES: tuple[tuple[Any, str, str], ...] = (
    *((operations, name, FETCHING) for name in ("discover", "collect", "collect_pricing", "collect_billing")),
    (pipeline.OpenWarehouse, "declare", "declaring"),
    (pipeline.OpenWarehouse, "load", "inside dlt"),
    (pipeline.OpenWarehouse, "retire", "closing history"),
    (data_files, "lines", "inside dlt"),
    (spans, "withdraw", "withdrawing spans"),
    (spans, "enter", "entering spans"),
    (spans, "delete_rows", "deleting"),
    *((ledger.Operation, name, "ledger") for name in ("plan", "done", "failed", "close", "called_by")),
    (optima.transform, "run", "dbt"),
    (optima.publish, "_copy", "publish: copying"),
    (optima.minutes, "export", "publish: minutes"),
    (optima.publish, "_sync", "publish: renaming"),
)


class Trace:
    """Which phase the main thread is in, as lines of a file: seconds since the start, phase."""

    def __init__(self, path: Path, last: Sequence[Any]) -> None:
        """Write to a file, and end the process at a step: (phase, which of its entries); none if empty."""
        self._last = tuple(last)
        self._entered: Counter[str] = Counter()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._began = time.monotonic()
        self._stack: list[str] = []
        self.enter(STARTING)

    def enter(self, phase: str) -> None:
        """Begin a phase inside of the present one."""
        self._stack.append(phase)
        self._note()

    def leave(self) -> None:
        """End the present phase."""
        self._stack.pop()
        self._note()

    def _note(self) -> None:
        seconds, phase = time.monotonic() - self._began, self._stack[-1]
        os.write(self._file, f"{seconds:.6f} {phase}\n".encode())
        self._entered[phase] += 1
        if self._last == (phase, self._entered[phase]):
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: Any, name: str, phase: str) -> None:
        """Have a function note its phase while it runs in the main thread."""
        function: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(function)
        def traced(*arguments: Any, **named: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                return function(*arguments, **named)
            self.enter(phase)
            try:
                return function(*arguments, **named)
            finally:
                self.leave()

        setattr(owner, name, traced)


def run_command(order: Mapping[str, Any]) -> int:
    """Run a command line in this process and return its exit code."""
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(order["environment"])
    logging.getLogger().handlers.clear()  # which some library has set up on being imported, not on a command
    if order["largest_file"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest_file"],) * 2)
    batches.BATCH_ROWS = ROWS_OF_A_BATCH
    trace = Trace(Path(order["trace"]), order["last_step"])
    for owner, name, phase in PHASES:
        trace.around(owner, name, phase)
    try:
        app(order["arguments"])
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    return 0


def serve() -> None:
    """Fork a child for each order, until there are no more."""
    os.set_inheritable(sys.stdin.fileno(), False)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = run_command(json.loads(line))
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)
        _say(pid)
        _say(os.waitpid(pid, 0)[1])


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    # What pyarrow and DuckDB start in the background is made for forks, or belongs to DuckDB's default
    # database, which no command uses.
    assert threading.active_count() == 1, "threads of ours would not survive the fork"
    _say(os.getpid())
    serve()
