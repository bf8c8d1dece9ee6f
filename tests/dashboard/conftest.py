"""Workspaces with a published build, and a browser where this machine has one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from browsers import find_browser
from published_marts import organisation, publish

from optima.published import Build

_deselected = 0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take the browser tests out where there is no browser to run them in."""
    global _deselected
    if find_browser():
        return
    browser = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if item not in browser]
    _deselected = len(browser)
    config.hook.pytest_deselected(items=browser)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that browser tests were left out, and why."""
    if _deselected:
        terminalreporter.write_line(f"{_deselected} browser tests were not run: no Chromium on this machine.")


@pytest.fixture
def now() -> datetime:
    """The clock as the pages read it: UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace in which nothing was published yet, and which the pages show."""
    monkeypatch.setenv("OPTIMA_PROJECT_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """The same for all tests of a module, which the pages show while no other workspace is asked for."""
    now = datetime.now(UTC).replace(tzinfo=None)
    root = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPTIMA_PROJECT_ROOT", str(root))
        patch.setenv("OPTIMA_DECIDED_BY", "maria")
        yield publish(root, organisation(now - timedelta(hours=4)), now - timedelta(hours=3))


@pytest.fixture
def build(workspace: Path, now: datetime) -> Build:
    """The small organisation, published three hours ago with data until four hours ago."""
    return publish(workspace, organisation(now - timedelta(hours=4)), now - timedelta(hours=3))
