"""The kinds of advice that have words and charts of their own. A kind that is added here needs no page."""

from __future__ import annotations

import streamlit as st

from dashboard.charts_kinds import costs as charts
from dashboard.data.kinds import asking
from dashboard.view import View
from dashboard.views.kinds import capacity, table_class, utilization
from dashboard.views.kinds.parts import told, which
from dashboard.views.kinds.sheet import Sheet
from dashboard.wording import kind_name

SHEETS = {sheet.kind: sheet for sheet in (capacity.SHEET, table_class.SHEET, utilization.SHEET)}


def sheet(kind: str) -> Sheet:
    """Return how a kind is presented: as it is registered, else by what all kinds have in common."""
    return SHEETS.get(kind) or Sheet(
        kind=kind,
        title=kind_name(kind),
        flagged="What each of these is about, and why, stands with it in the list.",
        details=(),
        draw=lambda view: _draw_costs(view, kind),
    )


def _draw_costs(view: View, kind: str) -> None:
    with told():
        rows = asking.costs(view, kind)
        st.subheader("Cost now and after")
        if rows.empty:
            st.caption("Of none of them both costs are known.")
            return
        count = which(rows, "recommendation")
        st.caption(f"USD a month; {count} with the largest savings")
        st.markdown(charts.LEGEND)
        st.altair_chart(
            charts.now_and_after(rows),
            key=f"{kind}-costs",
            alt="Cost now and after the change of the largest savings",
        )
