"""The checks of the command health, each one answer with a sentence."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from optima import published, warehouse
from optima.cli.session import Session
from optima.cli.version import PACKAGES
from optima.errors import NothingPublishedError, OptimaError, WorkspaceBusyError

# A month of minutes of a thousand tables, with the copy that publishing makes, stays below this.
_ROOM_NEEDED_BYTES = 2 << 30


@dataclass(frozen=True)
class Result:
    """What one check found."""

    name: str
    ok: bool
    finding: str


def run(session: Session) -> list[Result]:
    """Run every check; one that fails does not keep the others from running."""
    results = [_checked(name, check, session) for name, check in _CHECKS.items()]
    if session.verbose:
        versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
        results.append(Result("Versions", True, versions))
    return results


def _checked(name: str, check: Callable[[Session], str], session: Session) -> Result:
    from loaders.errors import LoadError

    try:
        return Result(name, True, check(session))
    except (OptimaError, LoadError) as error:
        return Result(name, False, str(error))


def _credentials(session: Session) -> str:
    from loaders.aws import Sessions

    caller = Sessions(session.access()).caller
    return f"account {caller.account_id}, partition {caller.partition}"


def _workspace(session: Session) -> str:
    session.workspace.create()
    for folder in (session.workspace.data, session.workspace.logs):
        if not os.access(folder, os.W_OK):
            raise OptimaError(f"{folder} cannot be written to: change its permissions, or name another.")
    return str(session.workspace.root)


def _disk(session: Session) -> str:
    existing = next(
        path for path in (session.workspace.data, *session.workspace.data.parents) if path.exists()
    )
    free = shutil.disk_usage(existing).free
    if free < _ROOM_NEEDED_BYTES:
        raise OptimaError(f"only {free / (1 << 30):.1f} GiB are free: make room, or name another folder.")
    return f"{free / (1 << 30):,.1f} GiB free"


def _warehouse(session: Session) -> str:
    if not session.workspace.warehouse.exists():
        return "none yet: dynamodb-optima discover makes it"
    try:
        with warehouse.look(session.workspace) as connection:
            (size,) = connection.execute("select database_size from pragma_database_size()").fetchone() or (
                "?",
            )
    except WorkspaceBusyError as busy:
        return f"in use. {busy}"
    return f"opens, {size}"


def _published(session: Session) -> str:
    try:
        build = published.current(session.workspace)
    except NothingPublishedError:
        return "none yet: dynamodb-optima run makes them"
    with published.open_build(build) as connection:
        (marts,) = connection.execute(_MARTS).fetchone() or (0,)
    return f"{marts} marts of {build.published_at:%Y-%m-%d %H:%M} UTC"


_MARTS = "select count(*) from information_schema.tables where table_name <> 'publication'"

_CHECKS: dict[str, Callable[[Session], str]] = {
    "Credentials": _credentials,
    "Workspace": _workspace,
    "Disk": _disk,
    "Warehouse": _warehouse,
    "Published marts": _published,
}
