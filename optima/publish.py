"""Publishing: the marts of a green build become a file of their own, which readers open.

A build is a new path and never an old one with new contents, because DuckDB hands a process that still
holds a path what it held before. `current` names the newest and is renamed into place, so that a reader
sees a whole build or the one before it.
"""

from __future__ import annotations

import itertools
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from optima import history, minutes, warehouse
from optima.errors import NothingPublishedError, OptimaError
from optima.published import Build, build_at, builds, current
from optima.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

_log = logging.getLogger(__name__)

# A reader that has just read `current` opens its file within moments; an hour forgives a suspended laptop.
GRACE = timedelta(hours=1)

_SCHEMA = "marts"
# What the rows of a mart are ordered by, as far as it has these columns: those of one table lie together,
# and a reader of one table skips the others. Of 10,000 tables, its hours take 3 ms of CPU instead of 210.
_PLACE = ("account_id", "region", "table_name", "index_name")


def publish(workspace: Workspace, as_of: datetime | None = None) -> Build:
    """Copy the marts into a file of their own and make it current.

    Beside them it gets `publication` (what it is), `publications` and `previous_recommendations` (what the
    builds before hand on), and `minute_files` (the minutes that belong to it).

    Args:
        workspace: Where the warehouse is and the build goes. Nobody may be writing the warehouse.
        as_of: The instant that the build stands for (UTC, no zone), noted in the table `publication`.

    Raises:
        OptimaError: There is no mart to publish, or the warehouse cannot be opened.
    """
    build = build_at(workspace, datetime.now(UTC).replace(tzinfo=None))
    unfinished = build.path.with_name(f".{build.path.name}.unfinished")
    _sweep(workspace)
    _copy(workspace, build, unfinished, as_of)
    _sync(unfinished)
    unfinished.replace(build.path)
    pointer = workspace.current.with_name(".current.unfinished")
    pointer.write_text(build.path.name, encoding="utf-8")
    _sync(pointer)
    pointer.replace(workspace.current)
    _sync(workspace.data)
    _delete_superseded(workspace, build)
    _log.info("published %s", build.path.name)
    return build


def marts(workspace: Workspace) -> list[str]:
    """Return the names of the marts in the warehouse, if there is one; the caller holds the workspace."""
    if not workspace.warehouse.exists():
        return []
    with warehouse.open_read_only(workspace) as connection:
        return _names(connection)


def _copy(workspace: Workspace, build: Build, target: Path, as_of: datetime | None) -> None:
    """Fill the new file from the warehouse, attached to it read-only, and bring the minutes up to date."""
    with warehouse.open_beside(workspace, target) as connection:
        names = _names(connection, "warehouse")
        if not names:
            raise OptimaError(
                f"The warehouse {workspace.warehouse} holds no marts: run `dynamodb-optima run` first."
            )
        for name in names:
            order = f" order by {', '.join(place)}" if (place := _place(connection, name)) else ""
            connection.execute(f'create table "{name}" as from warehouse.{_SCHEMA}."{name}"{order}')
        connection.execute(
            "create table publication as "
            "select ? as build_id, ?::timestamp as published_at, ?::timestamp as as_of",
            [build.build_id, build.published_at, as_of],
        )
        earlier = builds(workspace)[::-1]
        history.write(connection, build, as_of, history.read(earlier))
        days = minutes.export(connection, workspace, build, earlier[0] if earlier else None)
        # Closing would write the tables from DuckDB's log of changes into the file, and on a full disk leave
        # them in the log without a word; only the file is renamed.
        connection.execute("checkpoint")
    _log.info("copied %d marts, wrote the minutes of %d days", len(names), len(days))


def _place(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """Return the columns of a mart in the warehouse that say what a row is about, in the order of _PLACE."""
    described = connection.execute(f'describe warehouse.{_SCHEMA}."{name}"').fetchall()
    columns = {column for column, *_ in described}
    return [column for column in _PLACE if column in columns]


def _names(connection: duckdb.DuckDBPyConnection, catalog: str | None = None) -> list[str]:
    rows = connection.execute(
        """
        select table_name
        from information_schema.tables
        where table_catalog = coalesce(?, current_catalog()) and table_schema = ?
        order by table_name
        """,
        [catalog, _SCHEMA],
    )
    return [name for (name,) in rows.fetchall()]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(workspace: Workspace) -> None:
    """Delete what an interrupted publication left, a build that nobody was ever told of included."""
    for pattern in (".marts-*.unfinished*", ".current.unfinished", "minutes/**/.*unfinished"):
        for leftover in workspace.data.glob(pattern):
            leftover.unlink(missing_ok=True)
    for build in _strays(workspace):
        build.path.unlink(missing_ok=True)
    minutes.delete_unnamed(workspace, builds(workspace))


def _strays(workspace: Workspace) -> list[Build]:
    """Return the builds that nobody was ever told of."""
    try:
        newest = current(workspace).build_id
    except NothingPublishedError:
        newest = ""
    except OptimaError:
        return []  # `current` is damaged and tells nothing about the builds; the one to come replaces it
    return [build for build in builds(workspace) if build.build_id > newest]


def _delete_superseded(workspace: Workspace, newest: Build) -> None:
    """Delete builds that were superseded longer ago than the grace, and minutes that no other build names."""
    for build, successor in itertools.pairwise(builds(workspace)):
        if newest.published_at - successor.published_at > GRACE:
            build.path.unlink(missing_ok=True)
    minutes.delete_unnamed(workspace, builds(workspace))
