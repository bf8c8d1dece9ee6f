"""The part of the page: controls, and beside them what comes out."""

from __future__ import annotations

import streamlit as st

from dashboard.builds import cursor, moving_on
from dashboard.data.table import Place, Row
from dashboard.view import View
from dashboard.views.table.what_if import controls, results
from optima import what_if
from optima.errors import OptimaError
from optima.published import Build
from optima.what_if import Minutes

# Tables whose minutes a process remembers: 20,160 minutes of reads and writes are 0.3 MB a table or index.
_KEPT = 8
_READING = "Reading the minutes of the window…"
_SIMULATING = (
    "Simulating the window minute by minute. The first time after an update this takes some seconds…"
)


@st.fragment
def render(view: View, table: Row) -> None:
    """Draw the part."""
    place = Place(table["account_id"], table["region"], table["table_name"])
    what_if.keep_compiled(view.workspace.compiled)
    try:
        minutes = _minutes(view.build, place)
    except OptimaError as error:
        st.info(str(error))
        return
    asked = controls.draw(minutes.table)
    results.notes(minutes, asked)
    wrong = what_if.problems(minutes.table, asked)
    for sentence in wrong:
        st.warning(sentence)
    if not wrong:
        with st.spinner(_SIMULATING):
            result = what_if.cost(cursor(view.build), minutes, asked)
        results.draw(minutes, asked, result)


@st.cache_resource(max_entries=_KEPT, show_spinner=_READING)
def _minutes(build: Build, place: Place) -> Minutes:
    table = what_if.read_table(cursor(build), place.account_id, place.region, place.table_name)
    try:
        with moving_on(build):
            return what_if.read_minutes(build, table)
    except OptimaError:
        # What needs no simulation can be worked out all the same; the page says that they are not there.
        return what_if.minutes_of(table, [])
