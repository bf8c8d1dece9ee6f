"""One writer at a time: a lock that the operating system gives up with the process, however it ends.

DuckDB's own lock covers the moments in which the warehouse is open, but a command opens it several times.
This one covers the whole command, so that a second writer is turned away at its start and not in the middle
of its work.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import IO

from optima.errors import WorkspaceBusyError
from optima.workspace import Workspace, cannot_write

# A reader of the warehouse holds the lock for milliseconds; a writer that meets one waits for it.
_PATIENCE_SECONDS = 2.0


@contextmanager
def writing(workspace: Workspace, command: str) -> Iterator[None]:
    """Hold the workspace for one writing command.

    Raises:
        WorkspaceBusyError: Another process holds it; the sentence names it, its command and its start.
        OptimaError: The workspace cannot be written to.
    """
    workspace.create()
    with _open(workspace, "r+") as lock:
        _acquire(lock, fcntl.LOCK_EX, _PATIENCE_SECONDS)
        started = datetime.now(UTC).strftime("%H:%M UTC")
        _describe(lock, {"process": os.getpid(), "command": command, "started": started})
        try:
            yield
        finally:
            with suppress(
                OSError
            ):  # on a full disk the note of who holds the lock stays; the lock itself goes
                _describe(lock, {})


@contextmanager
def reading(workspace: Workspace) -> Iterator[None]:
    """Keep writers out for as long as a short look into the warehouse takes.

    Raises:
        WorkspaceBusyError: A process is writing.
    """
    with _open(workspace, "r") as lock:
        _acquire(lock, fcntl.LOCK_SH, patience_seconds=0)
        yield


def _open(workspace: Workspace, mode: str) -> IO[str]:
    path = workspace.writer_lock
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return path.open(mode, encoding="utf-8")
    except OSError as error:
        raise cannot_write(workspace.root, error) from error


def _acquire(lock: IO[str], kind: int, patience_seconds: float) -> None:
    give_up_at = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= give_up_at:
                raise WorkspaceBusyError(_sentence(lock)) from None
            time.sleep(0.05)
        else:
            return


def _describe(lock: IO[str], holder: dict[str, object]) -> None:
    lock.seek(0)
    lock.truncate()
    json.dump(holder, lock)
    lock.flush()


def _sentence(lock: IO[str]) -> str:
    lock.seek(0)
    try:
        holder = json.loads(lock.read() or "{}")
    except json.JSONDecodeError:
        holder = {}
    if not holder:
        return "Another process is reading or writing this workspace: try again in a moment."
    return (
        f"Process {holder['process']} is writing to this workspace (dynamodb-optima {holder['command']}, "
        f"since {holder['started']}): wait until it ends, or end it."
    )
