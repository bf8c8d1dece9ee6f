"""The table that a reader looks at more closely: chosen in a box or by a click, kept in the address."""

from __future__ import annotations

from functools import partial
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from dashboard import pages
from dashboard.charts_kinds.marks import CHOSEN
from dashboard.data.kinds import asking
from dashboard.data.kinds.asking import MOST_CHOICES, Place
from dashboard.view import View
from optima.wording import usd


def choose(view: View, kind: str) -> Place | None:
    """Draw the box and return the table that is chosen, None where the filters select none of this kind.

    It is the one of the address, if the filters select it, else the one with the largest saving.
    """
    offered = asking.tables(view, kind)
    if offered.empty:
        return None
    key = _key(kind)
    named = _place(st.session_state.get(key) or st.query_params.get(pages.AT) or "")
    found = asking.tables(view, kind, named) if named else offered[:0]
    labels = {place.at: label for place, label in map(_labelled, pd.concat([offered, found]).itertuples())}
    first = next(iter(labels))
    st.session_state[key] = named.at if named and named.at in labels else first
    box, button = st.columns([4, 1], vertical_alignment="bottom")
    at = box.selectbox(
        "Table",
        list(labels),
        format_func=labels.__getitem__,
        key=key,
        filter_mode="contains",
        help=f"The {MOST_CHOICES} largest savings; others are found by the filter on the table's name."
        if len(labels) >= MOST_CHOICES
        else None,
    )
    place = _place(at or first)
    if place and st.query_params.get(pages.AT) != place.at and (named or place.at != first):
        st.query_params[pages.AT] = place.at
    if place and button.button("Open table", key=f"{key}-open", width="stretch"):
        pages.open_table(place.account_id, place.region, place.table_name)
    return place


def chart(drawn: alt.Chart | alt.LayerChart, *, kind: str, key: str, alt_text: str) -> None:
    """Draw a chart in which a click on a mark chooses its table."""
    st.altair_chart(
        drawn,
        key=key,
        alt=alt_text,
        on_select=partial(_clicked, key, kind),
        selection_mode=CHOSEN,
    )


def _key(kind: str) -> str:
    return f"{kind}-table"


def _clicked(chart_key: str, kind: str) -> None:
    clicked = st.session_state[chart_key]["selection"].get(CHOSEN)
    if clicked:
        st.session_state[_key(kind)] = clicked[0]["at"]


def _place(at: str) -> Place | None:
    parts = at.split("/")
    return Place(*parts) if len(parts) == 3 else None


def _labelled(row: Any) -> tuple[Place, str]:
    place = Place(row.account_id, row.region, row.table_name)
    advice = f"saves {usd(row.monthly_savings_usd)} a month" if row.is_to_change else "should stay"
    return place, f"{row.table_name} · {row.region} · {row.account_name} · {advice}"
