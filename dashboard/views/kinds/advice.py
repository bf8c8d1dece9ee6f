"""Recommendations of kinds that have no page of their own, one kind at a time."""

from __future__ import annotations

import streamlit as st

from dashboard.data import scope
from dashboard.pages import OWN_PAGE
from dashboard.view import View
from dashboard.views.kinds import page, registry
from optima.wording import kind_order


def render(view: View) -> None:
    """Draw the page: which kind, then that kind's."""
    st.title("Other advice")
    everywhere = sorted(set(scope.choices(view.build).kinds) - OWN_PAGE, key=kind_order)
    kinds = [kind for kind in everywhere if not view.filters.kinds or kind in view.filters.kinds]
    if not everywhere:
        st.info("This build holds no advice of other kinds than those that have a page of their own.")
    elif not kinds:
        st.info("The filter on kinds leaves out every kind of this page: clear it, or choose one of these.")
    else:
        sheet = registry.sheet(_chosen(kinds))
        st.subheader(sheet.title)
        page.render_kind(view, sheet)


def _chosen(kinds: list[str]) -> str:
    if len(kinds) == 1:
        return kinds[0]
    titles = {registry.sheet(kind).title: kind for kind in kinds}
    title = st.segmented_control(
        "Kind of advice",
        list(titles),
        default=next(iter(titles)),
        required=True,
        key="advice",
        bind="query-params",
    )
    return titles[title]
