"""The warehouse seen from the front door: whether it opens, and short looks into it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from loaders.errors import disk_refusal
from optima import writer
from optima.errors import OptimaError, WorkspaceBusyError
from optima.workspace import Workspace

if TYPE_CHECKING:
    import duckdb


def explain(message: str, path: Path) -> OptimaError | None:
    """Turn what DuckDB says about a file that it cannot open into a sentence, None for any other message.

    The wordings are those of DuckDB 1.5's storage layer.
    """
    held = re.search(r"Conflicting lock is held in .*?\(PID (\d+)\)", message, re.DOTALL)
    if held:
        return WorkspaceBusyError(
            f"Process {held[1]} has the warehouse {path} open: wait until it ends, or end it."
        )
    if "Could not set lock on file" in message:
        return WorkspaceBusyError(
            f"Another process has the warehouse {path} open: wait until it ends, or end it."
        )
    refusal = disk_refusal(message, f"the warehouse {path}")
    if refusal is not None:
        return OptimaError(refusal)
    if "not a valid DuckDB database file" in message or re.search(
        r"corrupt|checksum", message, re.IGNORECASE
    ):
        return OptimaError(
            f"The warehouse {path} is damaged or no DuckDB file: move it away and load again, or restore it."
        )
    if "Permission denied" in message or "read-only mode" in message:
        return OptimaError(
            f"The warehouse {path} cannot be written to: change its permissions, or name another folder."
        )
    return None


def check(workspace: Workspace) -> None:
    """Open the warehouse for writing and close it again, if it is there, before work that needs it begins.

    Raises:
        OptimaError: It is held by another process, damaged, or not writable.
    """
    import duckdb

    if not workspace.warehouse.exists():
        return
    try:
        duckdb.connect(str(workspace.warehouse)).close()
    except duckdb.Error as error:
        raise explain(str(error), workspace.warehouse) or error from error


@contextmanager
def look(workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an existing warehouse read-only for a moment, keeping writers out meanwhile.

    Raises:
        WorkspaceBusyError: A process is writing to it.
        OptimaError: It is damaged.
    """
    with writer.reading(workspace), open_read_only(workspace) as connection:
        yield connection


@contextmanager
def open_read_only(workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an existing warehouse read-only; the caller sees to it that nobody writes meanwhile.

    Raises:
        OptimaError: It is held by another process, or damaged.
    """
    import duckdb

    try:
        connection = duckdb.connect(str(workspace.warehouse), read_only=True)
    except duckdb.Error as error:
        raise explain(str(error), workspace.warehouse) or error from error
    with connection:
        yield connection


@contextmanager
def open_beside(workspace: Workspace, file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a new DuckDB file with the warehouse attached to it, read-only, as `warehouse`.

    Raises:
        OptimaError: The warehouse is missing, held by another process, or damaged.
    """
    import duckdb

    if not workspace.warehouse.exists():
        raise OptimaError(
            f"There is no warehouse {workspace.warehouse} yet: run `dynamodb-optima discover` first."
        )
    with duckdb.connect(str(file)) as connection:
        connection.execute("set timezone = 'UTC'")
        with attached(workspace, connection):
            yield connection


@contextmanager
def attached(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Attach an existing warehouse to a connection, read-only, as `warehouse`, for as long as the block runs.

    The caller sees to it that nobody writes meanwhile.

    Raises:
        OptimaError: It is held by another process, or damaged.
    """
    import duckdb

    path = str(workspace.warehouse).replace("'", "''")
    try:
        connection.execute(f"attach '{path}' as warehouse (read_only)")
    except duckdb.Error as error:
        raise explain(str(error), workspace.warehouse) or error from error
    try:
        yield
    finally:
        connection.execute("detach warehouse")
