"""The dashboard is served to this machine, and ends with the command."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from built_workspace import build

_PATIENCE_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as health:
            return bool(health.read() == b"ok")
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start the command in a session of its own; yield its process and the port it serves."""
    build(tmp_path)
    port = free_port()
    program = "from optima.cli import main; main()"
    command = [sys.executable, "-c", program, "--project-root", str(tmp_path), "gui", "--port", str(port)]
    environment = os.environ | {"STREAMLIT_SERVER_HEADLESS": "true"}
    with subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL) as gui:
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while not answers(port) and gui.poll() is None and time.monotonic() < give_up_at:
            time.sleep(0.2)
        try:
            yield gui, port
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(gui.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "end",
    [
        # As a terminal does on Ctrl-C: the command and the server that it started both get the signal.
        pytest.param(lambda gui: os.killpg(gui.pid, signal.SIGINT), id="interrupted"),
        pytest.param(lambda gui: gui.terminate(), id="terminated"),
    ],
)
def test_gui_serves_the_dashboard_and_leaves_nothing_running(
    served: tuple[subprocess.Popen[bytes], int], end: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    gui, port = served
    assert answers(port)
    end(gui)
    gui.wait(timeout=_PATIENCE_SECONDS)
    assert not answers(port)
