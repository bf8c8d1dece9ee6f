"""A real browser on a dashboard that is served as the command line serves it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from optima.cli.gui import arguments, entry

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_START_SECONDS = 60
# Those of background networking keep the browser itself from asking its maker's servers.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> str | None:
    """Return the path of a Chromium on this machine."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


@contextmanager
def browsing() -> Iterator[Browser]:
    """Open the machine's own Chromium; Playwright downloads none."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=_FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def served(root: Path, theme: str = "light") -> Iterator[str]:
    """Serve the workspace at `root` on a free port of this machine and return the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = arguments(entry(), port=port, theme=theme)
    environment = os.environ | {"OPTIMA_PROJECT_ROOT": str(root)}
    with subprocess.Popen(command, env=environment, cwd=root, stdout=subprocess.DEVNULL) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return
        except URLError:
            time.sleep(0.1)
    raise AssertionError("the dashboard did not start")
