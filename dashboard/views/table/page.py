"""One table: what it costs and could cost, and everything that an engineer needs to check that."""

from __future__ import annotations

from importlib import import_module

import streamlit as st

from dashboard import pages
from dashboard.data import table as data
from dashboard.data.table import Place, Row
from dashboard.view import View
from dashboard.views.table import header, picker

# What draws each part of the page: a module with `render(view, table)`, loaded when the part is first opened;
# `table` is a row of dim_tables.
_PARTS = {
    "Cost and plans": "dashboard.views.table.cost",
    "Demand": "dashboard.views.table.demand",
    "What if": "dashboard.views.table.what_if",
    "Indexes": "dashboard.views.table.indexes",
    "Settings": "dashboard.views.table.settings",
    "Bill": "dashboard.views.table.bill",
    "Data": "dashboard.views.table.collected",
}


def render(view: View) -> None:
    """Draw the page of the table that the address names, or let the reader choose one."""
    named = st.query_params.get(pages.AT, "")
    place = Place.parse(named)
    table = data.row(view.build, place) if place else None
    if table is not None:
        header.render(view, table)
        _parts(view, table)
    elif named:
        picker.render_unknown(view, named)
    else:
        picker.render(view)


@st.fragment
def _parts(view: View, table: Row) -> None:
    """Draw the part that is open; opening another one draws nothing else anew."""
    tabs = st.tabs(list(_PARTS), key="tab", bind="query-params")
    for tab, module in zip(tabs, _PARTS.values(), strict=True):
        if tab.open:
            with tab:
                import_module(module).render(view, table)
