"""The command health: everything that a load, a build and the dashboard rely on, checked before they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from optima.cli.health import aws, local
from optima.cli.health.result import Problem, Result
from optima.cli.session import Session
from optima.errors import OptimaError

if TYPE_CHECKING:
    from loaders.progress import Progress

__all__ = ["Problem", "Result", "run"]

_LOCAL: dict[str, Callable[[Session], Result]] = {
    "Workspace": local.workspace,
    "Disk": local.disk,
    "Versions": local.versions,
    "Warehouse": local.warehouse_file,
    "Published marts": local.published_marts,
}


def run(session: Session, progress: Progress) -> list[Result]:
    """Run every check; one that fails does not keep the others from running. Nothing is changed in AWS."""
    from loaders.errors import LoadError

    results: list[Result] = []
    try:
        for result in aws.check(session, progress):
            results.append(result)  # one by one: what was found before an error counts
    except (OptimaError, LoadError) as error:
        results.append(Result("AWS", "failed", str(error)))
    for name, check in _LOCAL.items():
        try:
            results.append(check(session))
        except (OptimaError, LoadError) as error:
            results.append(Result(name, "failed", str(error)))
    return results
