"""One writer at a time, told by name; a warehouse that cannot be opened, told in a sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pytest

from optima import warehouse, writer
from optima.errors import OptimaError, WorkspaceBusyError
from optima.workspace import Workspace

_HOLD_WORKSPACE = """
import sys
from pathlib import Path
from optima import writer
from optima.workspace import Workspace
with writer.writing(Workspace.at(Path(sys.argv[1])), "collect"):
    print("holding", flush=True)
    sys.stdin.read()
"""
_HOLD_WAREHOUSE = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("holding", flush=True)
sys.stdin.read()
"""


@contextmanager
def holding(program: str, path: object) -> Iterator[int]:
    """Run a program in a process of its own that holds something until the block ends; yield its id."""
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"holding\n"
        try:
            yield process.pid
        finally:
            process.stdin.close()


def test_a_second_writer_is_told_who_the_first_is(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_PATIENCE_SECONDS", 0.1)
    with holding(_HOLD_WORKSPACE, workspace.root) as process_id:
        with pytest.raises(WorkspaceBusyError) as error, writer.writing(workspace, "run"):
            pytest.fail("two writers at once")
        assert f"Process {process_id} is writing" in str(error.value)
        assert "dynamodb-optima collect" in str(error.value)
    with writer.writing(workspace, "run"):
        pass


def test_a_writer_that_was_killed_holds_nothing(workspace: Workspace) -> None:
    command = [sys.executable, "-c", _HOLD_WORKSPACE, str(workspace.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    with writer.writing(workspace, "run"):
        pass


def test_a_writer_waits_for_a_short_look(workspace: Workspace) -> None:
    looking, looked = threading.Event(), threading.Event()

    def look() -> None:
        with writer.reading(workspace):
            looking.set()
            time.sleep(0.2)
            looked.set()

    reader = threading.Thread(target=look)
    reader.start()
    looking.wait()
    with writer.writing(workspace, "run"):
        assert looked.is_set()
    reader.join()


def test_nobody_looks_while_it_is_written(workspace: Workspace) -> None:
    with writer.writing(workspace, "run"), pytest.raises(WorkspaceBusyError), writer.reading(workspace):
        pytest.fail("a look while it is written")


def test_a_warehouse_that_another_process_has_open_is_said_with_its_id(workspace: Workspace) -> None:
    duckdb.connect(str(workspace.warehouse)).close()
    with holding(_HOLD_WAREHOUSE, workspace.warehouse) as process_id:
        with pytest.raises(WorkspaceBusyError, match=f"Process {process_id} has the warehouse"):
            warehouse.check(workspace)
        with pytest.raises(WorkspaceBusyError, match=f"Process {process_id} "), warehouse.look(workspace):
            pytest.fail("opened beside a writer")


def test_a_damaged_warehouse_is_said_and_left_as_it_is(workspace: Workspace) -> None:
    damaged = os.urandom(20_000)
    workspace.warehouse.write_bytes(damaged)
    with pytest.raises(OptimaError, match="damaged or no DuckDB file"):
        warehouse.check(workspace)
    assert workspace.warehouse.read_bytes() == damaged


@pytest.mark.parametrize(
    "message",
    [
        'IO Error: Cannot open file "/x/optima.duckdb": Permission denied',
        'IO Error: Cannot open file "/x/optima.duckdb": Read-only file system',
        'Cannot execute statement of type "CREATE" on database "x" which is attached in read-only mode!',
    ],
)
def test_a_read_only_warehouse_is_said(workspace: Workspace, message: str) -> None:
    assert "cannot be written to" in str(warehouse.explain(message, workspace.warehouse))


def test_other_errors_are_not_explained_away(workspace: Workspace) -> None:
    assert warehouse.explain("Binder Error: column x not found", workspace.warehouse) is None


def test_a_workspace_without_a_place_for_the_lock_is_said(workspace: Workspace) -> None:
    shutil.rmtree(workspace.state)
    workspace.state.write_text("")
    with pytest.raises(OptimaError, match="cannot be written to"), writer.reading(workspace):
        pytest.fail("a lock that is nowhere")
    with pytest.raises(OptimaError, match="cannot be written to"), writer.writing(workspace, "run"):
        pytest.fail("a lock that is nowhere")
