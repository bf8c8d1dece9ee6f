"""dbt as a library: its argument list is made by pure functions, its failure is a sentence.

The one dbt project lies at the root of a checkout, and in the wheel as `optima/_dbt`. Either may be
read-only: every path that dbt writes to is named and lies in the workspace.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from optima import parsing, warehouse
from optima.errors import OptimaError
from optima.workspace import Workspace

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

    from optima.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Analysis:
    """One kind of advice that can be built by itself: its kind in the marts, its selector, its heading."""

    kind: str
    selector: str
    title: str

    @property
    def mart(self) -> str:
        """The mart, one row for each table or resource that was looked at."""
        return f"{self.kind}_recommendations"


CAPACITY = Analysis("capacity_mode", "capacity", "Capacity Mode Analysis Results")
TABLE_CLASS = Analysis("table_class", "table_class", "Table Class Analysis Results")
UTILIZATION = Analysis("utilization", "utilization", "Utilization Analysis Results")
EVERYTHING = "everything"
# The mart that every analysis builds besides its own: totals are sums of plans.
BEST_PLANS = "best_plans"
# A warehouse without it is new, or of a version whose marts of advice had fewer columns.
RECONCILIATION = "reconciliation_summary"

_FAILED = {"error", "fail", "runtime error"}
# So many rows of a failed test are written to the log.
_MOST_PROBLEMS = 100


class Progress(Protocol):
    """What a run reports to: how many steps there are, and each that is done."""

    def total(self, units: int) -> None:
        """Say how many steps the run has."""

    def advance(self, units: int = 1, note: str = "") -> None:
        """Count steps as done; the note names the last one."""


@dataclass(frozen=True)
class Project:
    """Where the dbt project and its profile lie."""

    directory: Path
    profiles: Path

    @classmethod
    def find(cls) -> Project:
        """Return the project of the checkout this package runs from, else the one in the wheel."""
        package = Path(__file__).parent
        directory = package.parent if (package.parent / "dbt_project.yml").exists() else package / "_dbt"
        return cls(directory, directory / "profiles")


def variables(settings: Settings, workspace: Workspace, as_of: datetime, **options: Any) -> dict[str, Any]:
    """Return dbt's variables for a build as of an instant (UTC, no zone); None changes nothing."""
    values = {
        "as_of": as_of.isoformat(timespec="seconds"),
        "days": settings.capacity_analysis_days,
        "months": settings.table_class_analysis_months,
        "min_savings": settings.min_savings_threshold_usd,
        "price_basis": settings.price_basis,
        "target_utilization": settings.autoscaling_target_utilization,
        "decisions_path": str(workspace.decisions),
    }
    return values | {name: value for name, value in options.items() if value is not None}


def selector(analysis: Analysis | None, built: Iterable[str]) -> str:
    """Return the name of the selector (selectors.yml) that builds one analysis, or everything without one.

    The list of recommendations unites every kind, so that the first analysis of a workspace, which has not
    `built` the marts of the others yet, or not with the columns of this version, builds all of them.
    """
    united = {each.mart for each in (CAPACITY, TABLE_CLASS, UTILIZATION)} | {BEST_PLANS, RECONCILIATION}
    return analysis.selector if analysis and united <= set(built) else EVERYTHING


def arguments(
    command: Sequence[str],
    project: Project,
    workspace: Workspace,
    *,
    values: Mapping[str, Any] | None = None,
    debug: bool = False,
) -> list[str]:
    """Return dbt's argument list for a command with its own options, which says nothing on the terminal."""
    given = ["--vars", json.dumps(values, sort_keys=True)] if values else []
    paths = {
        "--project-dir": project.directory,
        "--profiles-dir": project.profiles,
        "--target-path": workspace.dbt_target,
        "--log-path": workspace.logs,
    }
    where = [text for flag, path in paths.items() for text in (flag, str(path))]
    quiet = ["--quiet", "--no-print", "--log-level", "none", "--log-level-file", "debug" if debug else "info"]
    return [*command, *given, *where, *quiet, "--no-send-anonymous-usage-stats"]


def run(argument_list: Sequence[str], project: Project, workspace: Workspace, progress: Progress) -> None:
    """Run dbt in this process on the workspace's warehouse, and let go of the warehouse afterwards.

    The project is parsed only if a file of it changed since the workspace's last run.

    Raises:
        OptimaError: A model or test failed, the models cannot be read, or the warehouse cannot be opened.
    """
    with _environment(workspace):
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        parsed_from = parsing.fingerprint(project.directory)
        manifest = parsing.kept(workspace.dbt_target, parsed_from)
        try:
            runner = dbtRunner(manifest=manifest, callbacks=[_reporter(progress)])
            outcome = runner.invoke(list(argument_list))
        finally:
            # dbt-duckdb keeps the file open for the life of the process; nobody else could open it.
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    # An exception may have come before the end of parsing; failed models and tests come after it.
    if manifest is None and outcome.exception is None:
        parsing.keep(workspace.dbt_target, parsed_from)
    if not outcome.success:
        raise _failure(outcome, workspace)


@contextmanager
def _environment(workspace: Workspace) -> Iterator[None]:
    """Tell the profile where the warehouse is, and numba where to keep compiled code, during a run.

    Who sets NUMBA_CACHE_DIR shares compiled code between workspaces.
    """
    names = {
        "OPTIMA_WAREHOUSE": str(workspace.warehouse),
        "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR") or str(workspace.compiled),
        "DO_NOT_TRACK": "1",
    }
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _reporter(progress: Progress) -> Callable[[Any], None]:
    def report(event: Any) -> None:
        if event.info.name == "ConcurrencyLine":
            progress.total(event.data.node_count)
        elif event.info.name == "NodeFinished":
            progress.advance(note=event.data.node_info.node_name)

    return report


def _failure(outcome: dbtRunnerResult, workspace: Workspace) -> OptimaError:
    details = f"details in {workspace.logs / 'dbt.log'}"
    if outcome.exception is not None:
        message = str(outcome.exception)
        _log.error("dbt could not run: %s", message)
        return warehouse.explain(message, workspace.warehouse) or OptimaError(
            f"The models could not be run ({_first_line(message)}); nothing was published, {details}."
        )
    results = list(getattr(outcome.result, "results", None) or [])
    failed = [result for result in results if str(result.status) in _FAILED]
    for result in failed:
        _log.error("%s %s: %s", result.node.resource_type, result.node.name, result.message)
        known = warehouse.explain(str(result.message), workspace.warehouse)
        if known:
            return known
    skipped = sum(str(result.status) == "skipped" for result in results)
    problems = _problems(failed[0], workspace) if failed else []
    return OptimaError(_what_failed(failed, problems, skipped) + f"; nothing was published, {details}.")


def _problems(result: Any, workspace: Workspace) -> list[str]:
    """Return what a failed test says of its rows in the column `problem`; nothing where it has none."""
    import duckdb

    query = getattr(result.node, "compiled_code", None)
    if str(result.node.resource_type) != "test" or not query:
        return []
    try:
        with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
            answer = connection.execute(query)
            names = [column[0] for column in answer.description]
            rows = answer.fetchmany(_MOST_PROBLEMS) if "problem" in names else []
    except duckdb.Error as error:
        _log.warning("the rows that fail %s cannot be read: %s", result.node.name, error)
        return []
    problems = sorted(str(row[names.index("problem")]) for row in rows)
    for problem in problems:
        _log.error("%s: %s", result.node.name, problem)
    return problems


def _first_line(message: str) -> str:
    """Return the line that says something: dbt puts the class of an error, "Runtime Error", above it."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    telling = [line for line in lines if not line.endswith("Error")]
    return (telling or lines or ["no reason given"])[0].rstrip(".")


def _what_failed(failed: Sequence[Any], problems: Sequence[str], skipped: int) -> str:
    if not failed:
        return "The build stopped before it ended"
    first = failed[0]
    kind = "The test" if str(first.node.resource_type) == "test" else f"The {first.node.resource_type}"
    others = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    rows = f" (rows: {first.failures})" if first.failures else ""
    if problems:
        rows = f" ({problems[0]}" + (f", and {first.failures - 1} more)" if first.failures > 1 else ")")
    after = f", later steps left out: {skipped}" if skipped else ""
    return f"{kind} {first.node.name}{others} failed{rows}{after}"
