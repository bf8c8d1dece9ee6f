"""Which build is shown: the newest published one, opened read-only and kept open while it is in use."""

from __future__ import annotations

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


@st.fragment(run_every="5s")
def reload_when_published(workspace: Workspace, shown: Build | None) -> None:
    """Draw the page anew, without anybody touching it, once another build than the one shown is current."""
    try:
        is_shown = newest(workspace) == shown
    except OptimaError:  # the whole page says what is wrong
        is_shown = False
    if not is_shown:
        st.rerun()


def cursor(build: Build) -> duckdb.DuckDBPyConnection:
    """Return a cursor of its own on a build, so that one reader's slow query does not hold up another's.

    Raises:
        OptimaError: The build's file is missing or damaged.
    """
    return _connection(build).cursor()


@st.cache_resource(max_entries=_OPEN_BUILDS, show_spinner=False)
def _connection(build: Build) -> duckdb.DuckDBPyConnection:
    return published.open_build(build)
