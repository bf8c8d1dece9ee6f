"""The dashboard is served to this machine unless told otherwise, and ends with the command."""

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
from typer.testing import CliRunner

from optima.cli import gui
from optima.cli.app import app

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


def gui_of(root: Path, *options: str) -> list[str]:
    program = "from optima.cli import main; main()"
    return [sys.executable, "-c", program, "--project-root", str(root), "gui", "--no-browser", *options]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start the command where nothing was published, in a session of its own; yield its process and port."""
    port = free_port()
    with subprocess.Popen(
        gui_of(tmp_path, "--port", str(port)),
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as started:
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while not answers(port) and started.poll() is None and time.monotonic() < give_up_at:
            time.sleep(0.2)
        try:
            yield started, port
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "end",
    [
        # As a terminal does on Ctrl-C: the command and the server that it started both get the signal.
        pytest.param(lambda started: os.killpg(started.pid, signal.SIGINT), id="interrupted"),
        pytest.param(lambda started: started.terminate(), id="terminated"),
    ],
)
def test_gui_serves_the_dashboard_and_leaves_nothing_running(
    served: tuple[subprocess.Popen[str], int],
    end: Callable[[subprocess.Popen[str]], None],
    tmp_path: Path,
) -> None:
    started, port = served
    assert answers(port)
    taken = CliRunner().invoke(app, ["--project-root", str(tmp_path), "gui", "--port", str(port)])
    end(started)
    said, _ = started.communicate(timeout=_PATIENCE_SECONDS)
    assert started.returncode == 0
    assert (
        said.splitlines()[0] == f"The dashboard of {tmp_path} is at http://localhost:{port} (Ctrl-C ends it)"
    )
    assert "Traceback" not in said
    assert not answers(port)
    assert (taken.exit_code, taken.stdout) == (1, "")
    assert taken.stderr == (
        f"Error: Port {port} is taken, perhaps by another dashboard: end what uses it, or name another port "
        "with --port.\n"
    )


def test_the_server_is_told_what_the_command_was() -> None:
    found = gui.arguments(Path("/x/dashboard/app.py"), port=8080, theme="dark")
    options = dict(zip(found[5::2], found[6::2], strict=True))
    assert found[1:5] == ["-m", "streamlit", "run", "/x/dashboard/app.py"]
    assert options == {
        "--server.address": "127.0.0.1",
        "--server.port": "8080",
        "--server.headless": "true",
        "--server.showEmailPrompt": "false",
        "--logger.hideWelcomeMessage": "true",
        "--browser.gatherUsageStats": "false",
        "--theme.base": "dark",
        **{f"--{name}": colour for name, colour in gui.DARK.items()},
    }
    found = gui.arguments(gui.entry(), port=80, theme="light", address="0.0.0.0", opens_browser=True)
    options = dict(zip(found[5::2], found[6::2], strict=True))
    assert (options["--server.address"], options["--server.headless"]) == ("0.0.0.0", "false")
    assert options["--server.allowedHosts"] == "*"
    assert "--theme.linkColor" not in options
    assert gui.entry().exists()


@pytest.mark.parametrize(
    ("address", "is_local", "url"),
    [
        ("127.0.0.1", True, "http://localhost:8501"),
        ("127.0.0.2", True, "http://127.0.0.2:8501"),
        ("localhost", True, "http://localhost:8501"),
        ("::1", True, "http://[::1]:8501"),
        ("0.0.0.0", False, "http://localhost:8501"),
        ("::", False, "http://localhost:8501"),
        ("192.168.1.5", False, "http://192.168.1.5:8501"),
        ("optima.example.com", False, "http://optima.example.com:8501"),
    ],
)
def test_addresses_of_others_are_told_from_this_machines(address: str, is_local: bool, url: str) -> None:
    assert (gui.is_local(address), gui.url(address, 8501)) == (is_local, url)


@pytest.mark.parametrize(("address", "warnings"), [("0.0.0.0", 1), ("127.0.0.1", 0)])
def test_serving_to_others_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str, warnings: int
) -> None:
    """Nothing is served here: what would be run says what it was told."""
    monkeypatch.setattr(gui, "arguments", lambda *_, **told: [sys.executable, "-c", f"print({told!r})"])
    port = free_port()
    result = CliRunner().invoke(
        app, ["--project-root", str(tmp_path), "gui", "--address", address, "--port", str(port)]
    )
    assert result.exit_code == 0, result.output
    warned = [line for line in result.stderr.splitlines() if line.startswith("! ")]
    assert len(warned) == warnings
    assert all("no password protects the dashboard" in line for line in warned)
    assert not list(tmp_path.iterdir()), "looking changes nothing"


@pytest.mark.parametrize(
    ("environment", "platform", "has_screen"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"DISPLAY": ":0", "STREAMLIT_SERVER_HEADLESS": "true"}, "linux", False),
        ({}, "darwin", True),
        ({"STREAMLIT_SERVER_HEADLESS": "1"}, "darwin", False),
    ],
)
def test_a_browser_is_opened_where_there_is_a_screen(
    environment: dict[str, str], platform: str, has_screen: bool
) -> None:
    assert gui.has_screen(environment, platform) is has_screen
