"""Checks of this machine and of the workspace: folders, disk, versions, the warehouse, what was published."""

from __future__ import annotations

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from typing import TYPE_CHECKING

from optima import published, warehouse
from optima.cli.health.result import Problem, Result, result
from optima.cli.session import Session
from optima.errors import NothingPublishedError, OptimaError, WorkspaceBusyError

if TYPE_CHECKING:
    import duckdb

# A month of minutes of a thousand tables, with the copy that publishing makes, stays below this.
_ROOM_NEEDED_BYTES = 2 << 30
_PACKAGE = "dynamodb-optima"


def workspace(session: Session) -> Result:
    """Check that the workspace is there and can be written to."""
    session.workspace.create()
    for folder in (session.workspace.data, session.workspace.logs):
        if not os.access(folder, os.W_OK):
            raise OptimaError(f"{folder} cannot be written to: change its permissions, or name another.")
    return result("Workspace", str(session.workspace.root))


def disk(session: Session) -> Result:
    """Check that there is room for a month of a large organisation."""
    existing = next(
        path for path in (session.workspace.data, *session.workspace.data.parents) if path.exists()
    )
    free = shutil.disk_usage(existing).free
    if free < _ROOM_NEEDED_BYTES:
        raise OptimaError(f"only {free / (1 << 30):.1f} GiB are free: make room, or name another folder.")
    return result("Disk", f"{free / (1 << 30):,.1f} GiB free")


def versions(_: Session) -> Result:
    """Check what is installed against the ranges that this version was made for."""
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    needed = {"python": SpecifierSet(metadata(_PACKAGE)["Requires-Python"])}
    for requirement in map(Requirement, requires(_PACKAGE) or ()):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            needed[requirement.name] = requirement.specifier
    installed = {name: _installed(name) for name in needed}
    problems = [
        Problem(
            "failed",
            f"{name} {found} is installed" if found else f"{name} is not installed",
            f"This version was made for {name} {needed[name]}: pip install --upgrade {_PACKAGE}.",
        )
        for name, found in installed.items()
        if found is None or not needed[name].contains(found, prereleases=True)
    ]
    finding = (
        f"{_PACKAGE} {version(_PACKAGE)}, {len(needed) - len(problems)} of {len(needed)} packages in range"
    )
    details = [f"{name} {installed[name] or '-'} (made for {needed[name]})" for name in sorted(needed)]
    return result("Versions", finding, problems, details)


def _installed(name: str) -> str | None:
    if name == "python":
        return platform.python_version()
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def warehouse_file(session: Session) -> Result:
    """Check that the warehouse opens, who writes to it, and whether it has the tables of this version."""
    name = "Warehouse"
    if not session.workspace.warehouse.exists():
        return result(name, "none yet: dynamodb-optima discover makes it")
    try:
        with warehouse.look(session.workspace) as connection:
            (size,) = connection.execute("select database_size from pragma_database_size()").fetchone() or (
                "?",
            )
            lacking = _lacking(connection)
    except WorkspaceBusyError as busy:
        return result(name, f"in use. {busy}")
    made_by = (
        f"made by an older version: the next load adds {', '.join(lacking)}" if lacking else "up to date"
    )
    return result(name, f"opens, {size}, nobody writes to it, {made_by}")


def _lacking(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the tables and columns of this version's loaders that a warehouse does not have."""
    import duckdb

    from loaders.schemas import OPS_TABLES, RAW_TABLES

    wanted = {table.qualified_name: list(table.schema.names) for table in RAW_TABLES}
    with duckdb.connect() as scratch:
        for name, columns in OPS_TABLES.items():
            described = scratch.execute(f"create table {name} ({columns}); describe {name}").fetchall()
            wanted[f"ops.{name}"] = [column for column, *_ in described]
    found: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "select table_schema || '.' || table_name, column_name from information_schema.columns"
    ).fetchall():
        found.setdefault(table, set()).add(column)
    return [
        table if table not in found else f"{table}.{column}"
        for table, columns in wanted.items()
        for column in (columns if table in found else columns[:1])
        if column not in found.get(table, ())
    ]


def published_marts(session: Session) -> Result:
    """Check that the newest published build opens."""
    name = "Published marts"
    try:
        build = published.current(session.workspace)
    except NothingPublishedError:
        return result(name, "none yet: dynamodb-optima run makes them")
    with published.open_build(build) as connection:
        (marts,) = connection.execute(_MARTS).fetchone() or (0,)
    return result(name, f"{marts} marts of {build.published_at:%Y-%m-%d %H:%M} UTC")


# What publishing notes beside the marts is none of them.
_MARTS = """
    select count(*)
    from information_schema.tables
    where table_name not in ('publication', 'publications', 'previous_recommendations', 'minute_files')
"""
