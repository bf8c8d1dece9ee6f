"""What every test may rely on: no real network, and one sandbox organisation for those who ask for it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from exact_cases import ExactCase, case_table
from fault_table import matrix_table

if TYPE_CHECKING:
    from demo_run import Demo
    from small_warehouse import DbtProject

    from optima.sandbox import Sandbox

# Set before anything of AWS is imported: port 9 of this machine answers nobody; the credentials are made up.
os.environ.update(
    AWS_ENDPOINT_URL="http://127.0.0.1:9",
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_SESSION_TOKEN="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_MAX_ATTEMPTS="2",
    DO_NOT_TRACK="1",
    # The simulation is compiled once for all workspaces that tests make.
    NUMBA_CACHE_DIR=str(Path(__file__).parents[1] / ".pytest_cache" / "numba"),
    # So are the models parsed.
    OPTIMA_PARSED_DIR=str(Path(__file__).parents[1] / ".pytest_cache" / "parsed"),
)
for name in ("AWS_PROFILE", "AWS_REGION", "OPTIMA_PROJECT_ROOT"):
    os.environ.pop(name, None)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Serve the default sandbox organisation, frozen at a fixed instant, for the whole test run."""
    from datetime import datetime

    from optima.sandbox import SandboxConfig, running

    with running(SandboxConfig(end=datetime(2026, 11, 1))) as served:
        yield served


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give all processes of a test run one folder."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@contextmanager
def _one_at_a_time(folder: Path, name: str) -> Iterator[None]:
    """Let one process in at a time: the first makes what the others, who wait, find there."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def dbt_project(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """The models, parsed once in a test run: whoever runs dbt later finds what was parsed."""
    from small_warehouse import DbtProject

    with _one_at_a_time(shared_folder, "parsed"):
        return DbtProject.parsed(tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="session")
def demo(request: pytest.FixtureRequest, shared_folder: Path) -> Demo:
    """The default organisation, taken once through the whole product for all who ask, in whatever process.

    Nobody writes to its workspace: whoever needs to takes a `Demo.copy`.
    """
    from demo_run import Demo

    folder = Path(request.config.getoption("--demo") or shared_folder / "shared-demo")
    with _one_at_a_time(folder, "demo"):
        if not Demo.is_made(folder):
            request.getfixturevalue("dbt_project")
            Demo.make(folder)
        return Demo.made(folder)


@pytest.fixture
def exact_case(record_property: Callable[[str, object], None]) -> ExactCase:
    """Hold a computed value to an exact case of the definition, by its number."""
    return ExactCase(record_property)


# What takes longest by itself begins first, so that no worker is left with it at the end. The demo is made at
# once, so that nobody who uses it later waits for it.
_LONGEST = (
    "test_kills.py",
    "test_demo.py",
    "test_advice_invariants.py",
    "test_journey.py",
    "test_faults.py",
    "test_wheel.py",
    "test_fold.py",
    "test_demand_days.py",
    "test_cloudwatch.py",
    "test_billing.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; the order within a file stays."""
    place = {name: number for number, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know `--cases`, `--faults` and `--demo`."""
    parser.addoption("--cases", action="store_true", help="print the table of exact cases at the end")
    parser.addoption("--faults", action="store_true", help="print the matrix of faults at the end")
    parser.addoption(
        "--demo", metavar="FOLDER", help="keep the demo there, and use the one that lies there already"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what tests recorded of exact cases and of faults, with what came out."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if isinstance(report, pytest.TestReport)
    ]
    for option, title, table in (
        ("--cases", "exact cases", case_table),
        ("--faults", "faults", matrix_table),
    ):
        if config.getoption(option):
            terminalreporter.section(title)
            for line in table(reports):
                terminalreporter.write_line(line)
