"""The pages: one list of them, the navigation made of it, and the addresses of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from urllib.parse import urlencode

import streamlit as st

from dashboard import filters, wording
from dashboard.view import View

# The parameter of the table page's address: account id, region and name, with slashes between.
AT = "at"
# Where the table to go to waits for the page to be drawn anew.
_OPENING = "opening-table"
# The page of the kinds that have none of their own; it is there where a build has such kinds.
_OTHER_KINDS = "advice"


@dataclass(frozen=True)
class Page:
    """One page of the dashboard.

    Attributes:
        title: Its name in the navigation.
        url_path: Its part of the address.
        module: What draws it: a module with `render(view: View) -> None`, loaded when it is first opened.
        kind: The kind of advice that it is about, None for all.
    """

    title: str
    url_path: str
    module: str
    kind: str | None = None


# In the order of the navigation; the first is what an address without a page opens.
PAGES = (
    Page("Overview", "overview", "dashboard.views.overview"),
    Page("Capacity", "capacity", "dashboard.views.kinds.capacity", "capacity_mode"),
    Page("Table class", "table-class", "dashboard.views.kinds.table_class", "table_class"),
    Page("Utilisation", "utilisation", "dashboard.views.kinds.utilization", "utilization"),
    Page("Other advice", _OTHER_KINDS, "dashboard.views.kinds.advice"),
    Page("One table", "table", "dashboard.views.table.page"),
    Page("Decisions", "decisions", "dashboard.views.decisions"),
    Page("Bill", "bill", "dashboard.views.bill"),
    Page("Commitments", "commitments", "dashboard.views.commitments"),
)
# Kinds with a page of their own, and the plan, which is on the overview.
OWN_PAGE = {"best_plan", *(page.kind for page in PAGES if page.kind)}


def navigate(kinds: Iterable[str], see: Callable[[Page], View | None]) -> None:
    """Draw the navigation and the page that the address names.

    Args:
        kinds: The kinds of advice in the build.
        see: Draws what pages share and returns what the page is drawn from, None where nothing can be. It
            runs outside of the page, so that the widgets of the side bar outlive a change of pages.
    """
    view: View | None = None

    def drawing(page: Page) -> Callable[[], None]:
        return lambda: import_module(page.module).render(view)

    offered = [page for page in PAGES if page.url_path != _OTHER_KINDS or set(kinds) - OWN_PAGE]
    navigable = {page: _navigable(page, drawing(page)) for page in offered}
    chosen = st.navigation(list(navigable.values()), position="top")
    view = see(next(page for page, target in navigable.items() if target is chosen))
    if table := st.session_state.pop(_OPENING, None):
        st.switch_page(_table_page(), query_params={AT: table})
    if view:
        chosen.run()


def _navigable(page: Page, draw: Callable[[], None]) -> st.Page:
    return st.Page(draw, title=page.title, url_path=page.url_path, default=page is PAGES[0])


def link_to_table(account_id: str, region: str, table_name: str) -> str:
    """Return the address of one table's page, relative to any page, with the filters as they are."""
    kept = {key: st.query_params.get_all(key) for key in filters.KEYS if key in st.query_params}
    return f"table?{urlencode({AT: at(account_id, region, table_name), **kept}, doseq=True)}"


def open_table(account_id: str, region: str, table_name: str) -> None:
    """Go to one table's page, without loading the dashboard anew; the filters stay as they are."""
    # Out of a fragment, Streamlit would switch and forget what the side bar's widgets have in the address.
    st.session_state[_OPENING] = at(account_id, region, table_name)
    st.rerun()


def choose_table() -> None:
    """Go to the list of tables, from which one is chosen; the filters stay as they are."""
    st.switch_page(_table_page(), query_params={})


def draw_link_to_table(account_id: str, region: str, table_name: str, label: str | None = None) -> None:
    """Draw a link to one table's page under its name, or under a label that is Markdown."""
    st.page_link(
        _table_page(),
        label=label or f"{wording.literal(table_name)} :material/chevron_right:",
        query_params={AT: at(account_id, region, table_name)},
    )


def at(account_id: str, region: str, table_name: str) -> str:
    """Return what the address of the table page says of its table."""
    return f"{account_id}/{region}/{table_name}"


def _table_page() -> st.Page:
    return _navigable(next(page for page in PAGES if page.url_path == "table"), lambda: None)
