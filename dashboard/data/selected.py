"""The recommendations that the filters select, read once per build, filters and decisions.

Totals, charts, list and export are made from these rows, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, ParamSpec, TypeVar

import duckdb
import pyarrow as pa
import streamlit as st

from dashboard.builds import cursor
from dashboard.view import View
from optima import selection
from optima.decisions import Standing
from optima.published import Build
from optima.selection import Filters

# Selections that a process remembers. The rows of one, at 10,000 tables, are about 10 MB.
KEPT = 16
# Answers to one question, which are small, that a process remembers.
_ANSWERS = 256

_P = ParamSpec("_P")
_R = TypeVar("_R")


def remembered(answer: Callable[_P, _R]) -> Callable[_P, _R]:
    """Remember the answers to a question about a view, by its build, filters and decisions.

    Every reader gets a copy; what cannot be copied for little is for `st.cache_resource`.
    """
    return st.cache_data(max_entries=_ANSWERS, show_spinner=False, hash_funcs={View: _key})(answer)


def _key(view: View) -> tuple[Build, Filters, str]:
    return view.build, view.filters, view.standing.version


def selected(view: View) -> pa.Table:
    """Return the recommendations that the filters select, all columns: plans, then the largest saving first.

    Statuses are those of the decisions file. Arrow tables do not change, so every reader gets the same one.
    """
    return _selected(view.build, view.filters, view.standing)


def ask(view: View, query: str, parameters: Mapping[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
    """Ask a constant query of the selected rows, which it calls `selected`, and of any mart by its name."""
    reader = cursor(view.build)
    reader.register("selected", selected(view))
    return reader.execute(query, dict(parameters or {}))


@st.cache_resource(max_entries=KEPT, show_spinner=False, hash_funcs={Standing: attrgetter("version")})
def _selected(build: Build, filters: Filters, standing: Standing) -> pa.Table:
    return selection.selected(cursor(build), filters, standing)
