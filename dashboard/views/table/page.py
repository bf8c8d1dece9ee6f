"""One table: what it costs and could cost, and everything that an engineer needs to check that."""

from __future__ import annotations

from types import ModuleType

import streamlit as st

from dashboard import pages
from dashboard.data import table as data
from dashboard.data.table import Place, Row
from dashboard.view import View
from dashboard.views.table import bill, collected, cost, demand, header, indexes, picker, settings

# Each draws one part of the page, when it is opened: `render(view, table)`, table being a row of dim_tables.
_PARTS: dict[str, ModuleType] = {
    "Cost and plans": cost,
    "Demand": demand,
    "Indexes": indexes,
    "Settings": settings,
    "Bill": bill,
    "Data": collected,
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
    for tab, part in zip(tabs, _PARTS.values(), strict=True):
        if tab.open:
            with tab:
                part.render(view, table)
