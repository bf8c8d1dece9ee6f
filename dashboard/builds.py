"""Which build is shown: the newest published one, opened read-only and kept open while it is in use.

Whoever looks holds up nobody who writes, and the other way round: a build is a file of its own that never
changes. A run of a page's script is about one build from its first figure to its last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import streamlit as st

from optima import published
from optima.errors import NothingPublishedError, OptimaError
from optima.published import Build
from optima.workspace import Workspace

# A build that is no longer current stays open for the pages that still show it; older ones are closed.
_OPEN_BUILDS = 3


def newest(workspace: Workspace) -> Build | None:
    """Return the build that is current in a workspace, None where nothing was published yet.

    Raises:
        OptimaError: `current` names no build.
    """
    try:
        return published.current(workspace)
    except NothingPublishedError:
        return None


def follow(workspace: Workspace) -> Build | None:
    """Return the build to show, and draw the page anew by itself once something else is to be shown.

    Raises:
        OptimaError: `current` names no build; the page is drawn anew as soon as it does.
    """
    shown = _current(workspace)
    _redraw_when_published(workspace, shown)
    if isinstance(shown, str):
        raise OptimaError(shown)
    return shown


def _current(workspace: Workspace) -> Build | str | None:
    """As `newest`, with the sentence in place of an error."""
    try:
        return newest(workspace)
    except OptimaError as error:
        return str(error)


@st.fragment(run_every="5s")
def _redraw_when_published(workspace: Workspace, shown: Build | str | None) -> None:
    if _current(workspace) != shown:
        st.rerun()


def cursor(build: Build) -> duckdb.DuckDBPyConnection:
    """Return a cursor of its own on a build, so that one reader's slow query does not hold up another's.

    Raises:
        OptimaError: The file of the current build is missing or damaged.
    """
    with moving_on(build):
        return _connection(build).cursor()


@contextmanager
def moving_on(build: Build) -> Iterator[None]:
    """Draw the page anew where a build cannot be read any more because its grace is over.

    A part of a page that is drawn by itself is about the build of the page around it, however long ago that
    was drawn. Where the build is still the current one, the error stands.
    """
    try:
        yield
    except OptimaError:
        if _current(Workspace.at(build.path.parents[1])) != build:
            st.rerun()
        raise


@st.cache_resource(max_entries=_OPEN_BUILDS, show_spinner=False)
def _connection(build: Build) -> duckdb.DuckDBPyConnection:
    return published.open_build(build)
