"""The page in a real browser, served as the command line serves it."""

from __future__ import annotations

import csv
import io
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from browsers import find_browser
from playwright.sync_api import Browser, Page, expect, sync_playwright
from published_marts import organisation, publish

import dashboard

pytestmark = pytest.mark.browser

_APP = Path(dashboard.__file__).with_name("app.py")
_START_SECONDS = 60
_WAIT_MILLISECONDS = 30_000
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


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the small organisation, published three hours ago."""
    now = datetime.now(UTC).replace(tzinfo=None)
    root = tmp_path_factory.mktemp("workspace")
    publish(root, organisation(now - timedelta(hours=4)), now - timedelta(hours=3))
    return root


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    """Serve the page on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(_APP), "--server.port", str(port)]
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium; Playwright downloads none."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab that must not ask anything of another machine."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.set_default_timeout(_WAIT_MILLISECONDS)
    expect.set_options(timeout=_WAIT_MILLISECONDS)
    asked: set[str | None] = set()
    tab.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    yield tab
    tab.close()
    assert asked - {None} == {"127.0.0.1"}


def test_read_the_total_filter_by_name_and_download_what_is_left(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_text("$2,019.39", exact=True)).to_be_visible()
    expect(page.get_by_text("$913.03", exact=True)).to_be_visible()
    page.get_by_role("textbox", name="Table name (regular expression)").fill("^prod-(orders|events)$")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stMetricValue").get_by_text("$932.33", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").get_by_text("$13.03", exact=True)).to_be_visible()
    expect(page.get_by_text("4 rows, best plans first, then the largest saving")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?table="))
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export as CSV").click()
    exported = list(csv.DictReader(io.StringIO(downloading.value.path().read_text())))
    assert [(row["kind"], row["table_name"], row["monthly_savings_usd"]) for row in exported] == [
        ("best_plan", "prod-events", "919.2963"),
        ("best_plan", "prod-orders", "13.0305"),
        ("utilization", "prod-events", "919.2963"),
        ("capacity_mode", "prod-orders", "13.0305"),
    ]


def test_an_open_page_shows_a_new_build_by_itself(page: Page, address: str, root: Path) -> None:
    page.goto(f"{address}/?kind=Table+class")
    expect(page.get_by_text("$35.20", exact=True)).to_be_visible()
    now = datetime.now(UTC).replace(tzinfo=None)
    made = organisation(now)
    made.recommend("table_class", "test-events", ("100.00", "40.00"))
    publish(root, made, now)
    expect(page.get_by_text("$95.20", exact=True)).to_be_visible()
    expect(page.get_by_text("Capacity mode, a month")).to_have_count(0)
