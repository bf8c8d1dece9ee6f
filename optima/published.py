"""The published marts as readers see them: `current` names one file, which is opened read-only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from optima.errors import NothingPublishedError, OptimaError
from optima.workspace import Workspace, find_root

if TYPE_CHECKING:
    import duckdb

_STAMP = "%Y%m%dT%H%M%S%fZ"
_PUBLISH_AGAIN = "run an analysis again to publish one"
_FILE = re.compile(r"marts-(\d{8}T\d{12}Z)\.duckdb")


@dataclass(frozen=True)
class Build:
    """One published build.

    Attributes:
        path: The DuckDB file; its tables are in schema `main`.
        build_id: The UTC instant of publishing, as text that sorts by time.
    """

    path: Path
    build_id: str

    @property
    def published_at(self) -> datetime:
        """The instant of publishing (UTC, no zone)."""
        return datetime.strptime(self.build_id, _STAMP)


def build_at(workspace: Workspace, instant: datetime) -> Build:
    """Return the build that is published at `instant` (UTC, no zone); its file need not exist."""
    build_id = instant.strftime(_STAMP)
    return Build(workspace.data / f"marts-{build_id}.duckdb", build_id)


def builds(workspace: Workspace) -> list[Build]:
    """Return the builds whose files are still there, oldest first."""
    files = sorted(workspace.data.glob("marts-*.duckdb"))
    return [Build(file, match[1]) for file in files if (match := _FILE.fullmatch(file.name))]


def current(workspace: Workspace) -> Build:
    """Return the newest published build; its file was there when it was published.

    Raises:
        NothingPublishedError: There is none.
        OptimaError: `current` names no build, or cannot be read.
    """
    try:
        name = workspace.current.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise NothingPublishedError(
            f"Nothing has been published in {workspace.root} yet: run `dynamodb-optima run`, "
            "or name the workspace with --project-root."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise OptimaError(f"{workspace.current} cannot be read ({error}): {_PUBLISH_AGAIN}.") from error
    match = _FILE.fullmatch(name)
    if not match:
        raise OptimaError(f"{workspace.current} does not name a build: {_PUBLISH_AGAIN}.")
    return Build(workspace.data / name, match[1])


def connect(project_root: str | Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open the newest published marts of a workspace, read-only.

    Raises:
        NothingPublishedError: There are none.
        OptimaError: The file is missing or damaged.
    """
    return open_build(current(Workspace.at(find_root(Path(project_root) if project_root else None))))


def open_build(build: Build) -> duckdb.DuckDBPyConnection:
    """Open one build read-only.

    Raises:
        OptimaError: The file is missing or damaged.
    """
    import duckdb

    try:
        return duckdb.connect(str(build.path), read_only=True)
    except duckdb.Error as error:
        raise OptimaError(
            f"The published build {build.path.name} cannot be opened: run an analysis to publish a new one."
        ) from error


def columns(connection: duckdb.DuckDBPyConnection) -> dict[str, frozenset[str]]:
    """Return the columns of every mart of an opened build: builds of older versions have fewer of both."""
    found = connection.execute(
        "select table_name, list(column_name) from duckdb_columns() group by table_name"
    ).fetchall()
    return {mart: frozenset(names) for mart, names in found}


def require(connection: duckdb.DuckDBPyConnection, marts: Iterable[str], what: str) -> None:
    """Refuse a build that lacks one of these marts; `what` says what they are about: `costs`.

    Raises:
        OptimaError: An older version published it.
    """
    if not set(marts) <= set(columns(connection)):
        raise OptimaError(
            f"The published build holds no {what}: `dynamodb-optima run` publishes a new one, which does."
        )
