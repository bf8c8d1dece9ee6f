"""The tables on which most can be saved, each with the way to its page."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import pages, wording
from dashboard.data import savings
from dashboard.view import View
from optima.selection import PLAN
from optima.wording import usd

_HEADINGS = ("Table", "Account and region", "Costs now", "Saves", "Share")
_WIDTHS = (5, 5, 3, 3, 2)


def render(view: View) -> None:
    """Draw the ten tables with the largest savings."""
    tables = savings.top_tables(view)
    if tables.empty:
        return
    st.subheader("Top ten tables")
    planned = PLAN in set(tables["kind"])
    st.caption(
        "USD a month, all changes of a table together"
        if planned
        else "USD a month, by the one kind that saves most"
    )
    with st.container(border=True, gap="xsmall"):
        for column, heading in zip(_columns(), _HEADINGS, strict=True):
            column.caption(heading)
        for _, table in tables.iterrows():
            _table(table)


def _table(table: pd.Series) -> None:
    cost, saved = table["current_monthly_cost_usd"], table["monthly_savings_usd"]
    name, place, now, saves, share = _columns()
    with name:
        pages.draw_link_to_table(table["account_id"], table["region"], table["table_name"])
    place.markdown(wording.literal(f"{table['account_name']} · {table['region']}"))
    now.markdown(wording.literal(usd(cost)))
    saves.markdown(f"**{wording.literal(usd(saved))}**")
    share.markdown(f"{100 * saved / cost:.0f} %" if cost else "")


def _columns() -> list[DeltaGenerator]:
    return list(st.columns(_WIDTHS, vertical_alignment="center"))
