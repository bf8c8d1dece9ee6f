"""The page about one kind of advice, whichever it is: what it is, what it would save, charts, list."""

from __future__ import annotations

import streamlit as st

from dashboard.data.kinds import asking
from dashboard.data.savings import KindTotal
from dashboard.view import View
from dashboard.views import listing
from dashboard.views.kinds.sheet import Sheet
from optima.wording import ALONE, counted, usd


def render(view: View, sheet: Sheet) -> None:
    """Draw the page of a kind for one build and selection."""
    st.title(sheet.title)
    render_kind(view, sheet)


def render_kind(view: View, sheet: Sheet) -> None:
    """Draw all of the page but its heading."""
    st.write(sheet.flagged)
    if sheet.details:
        with st.expander("How the saving is computed, how to act, when to ignore it"):
            for heading, paragraph in sheet.details:
                st.markdown(f"**{heading}** {paragraph}")
    total, kept = asking.total(view, sheet.kind), asking.kept(view, sheet.kind)
    if total:
        _total(total, kept)
    elif kept:
        st.info(f"Nothing to change: {counted(kept, 'table or index', 'tables and indexes')} should stay.")
    if total or kept:
        st.fragment(sheet.draw)(view)
    listing.render(view, kind=sheet.kind)


def _total(total: KindTotal, kept: int) -> None:
    with st.container(border=True):
        saves, year, now, after = st.columns(4)
        saves.metric("Saves a month", usd(total.monthly_savings_usd))
        year.metric("Saves a year", usd(total.annual_savings_usd))
        now.metric("Costs now, a month", usd(total.current_monthly_cost_usd))
        after.metric("Would cost, a month", usd(total.projected_monthly_cost_usd))
        stay = f"; {kept:,} more should stay as they are" if kept else ""
        st.caption(
            f"{counted(total.recommendations, 'recommendation')} on {counted(total.tables, 'table')}, "
            f"{ALONE}{stay}"
        )
