"""The list of recommendations: what the filters select, page by page, to be decided on and exported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import pages, wording
from dashboard.data import export
from dashboard.data import listing as data
from dashboard.data.listing import ORDERS, ROWS, Size
from dashboard.data.selected import selected
from dashboard.view import View
from dashboard.views import cells, deciding
from optima.selection import Filters
from optima.wording import counted, usd

# Pixels of a row, and the rows that are seen without scrolling.
_ROW, _SEEN = 36, 14
_CHOSEN, _ALL = "Chosen rows", "All rows"

COLUMNS = (
    "table_name",
    "index_name",
    "kind",
    "monthly_savings_usd",
    "saved_pct",
    "account_name",
    "recommended_setting",
    "status",
    "risk",
    "confidence",
    "current_monthly_cost_usd",
    "current_setting",
    "region",
    "account_id",
    "reason",
)


def render(view: View, columns: Sequence[str] = COLUMNS, kind: str | None = None) -> None:
    """Draw the rows that the filters select.

    Args:
        view: What is looked at.
        columns: What is shown of each row, in this order: names of `data.listing.page`.
        kind: The one kind that is listed, None for all that are selected.
    """
    _list(view, tuple(columns), kind)


@st.fragment
def _list(view: View, columns: tuple[str, ...], kind: str | None) -> None:
    size = data.size(view, kind)
    heading, sorting, corner = st.columns([5, 3, 2], vertical_alignment="bottom")
    heading.subheader("Recommendations")
    heading.caption(_said(size))
    order = sorting.selectbox("Sort by", ORDERS, key=f"order-{kind}", persist_state="session")
    corner.download_button(
        "Export as CSV",
        lambda: export.as_csv(data.rows(view, kind)),
        file_name=f"{kind or 'recommendations'}-{view.build.build_id}.csv",
        mime="text/csv",
        key=f"export-{kind}",
        on_click="ignore",
        icon=":material/download:",
        width="stretch",
        disabled=not size.rows,
        help="All rows that the filters select, with every column.",
    )
    if not size.rows:
        st.info(_nothing(view))
        return
    bar = st.container()
    # Other rows are another list: what was chosen in one is not chosen in the next.
    shown = hash((view.build, view.filters, view.standing.version, order))
    number = st.session_state.get(f"page-{kind}-{shown}", 1)
    rows = data.page(view, order, number, kind)
    chosen = _rows(rows, columns, key=f"rows-{kind}-{shown}-{number}")
    if size.pages > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.pagination(size.pages, key=f"page-{kind}-{shown}")
            first = (number - 1) * ROWS
            st.caption(f"Rows {first + 1:,} to {first + len(rows):,} of {size.rows:,}")
    with bar:
        _decide(view, size, rows.iloc[chosen], kind)


def _said(size: Size) -> str:
    said = counted(size.rows, "row")
    if size.plan_savings_usd is None:
        return said
    plans = counted(size.plans, "best plan")
    worth = f"saves {usd(size.plan_savings_usd)}" if size.plans == 1 else f"save {usd(size.plan_savings_usd)}"
    return wording.literal(f"{said}; {plans} among them {worth} a month")


def _nothing(view: View) -> str:
    if view.filters == Filters(kinds=view.filters.kinds):
        if selected(replace(view, filters=replace(view.filters, statuses=()))).num_rows:
            return (
                "Nothing is open: all that is advised was rejected, put off or done. "
                "`Status` in the side bar shows it."
            )
        return "Nothing to change: every table and index that was judged is best left as it is."
    return "No recommendation fits these filters. `Clear filters` in the side bar shows all that are open."


def _rows(rows: pd.DataFrame, columns: tuple[str, ...], key: str) -> list[int]:
    """Draw rows and return the places of those that the reader chose."""
    opened = f"open-{key}"
    grid = st.dataframe(
        _in_words(rows),
        column_config=_configured(opened),
        column_order=[name for name in columns if name != "index_name" or rows[name].notna().any()],
        hide_index=True,
        row_height=_ROW,
        height=_ROW * (min(len(rows), _SEEN) + 1) + 2,
        placeholder="",
        alt="Recommendations",
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
    )
    if click := st.session_state.get(opened):
        _open(rows.iloc[click["row"]])
    return list(grid.selection.rows)


def _decide(view: View, size: Size, chosen: pd.DataFrame, kind: str | None) -> None:
    """Draw what can be done with the rows that were chosen, or with all."""
    labels = {_CHOSEN: counted(len(chosen), "chosen row"), _ALL: f"All {counted(size.rows, 'row')}"}
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            of_which = st.segmented_control(
                "Decide on",
                list(labels),
                default=_CHOSEN,
                required=True,
                format_func=labels.__getitem__,
                key=f"of-which-{kind}",
                label_visibility="collapsed",
            )
            st.caption(
                "Choose rows by the boxes at their left, or decide on all. A table's name opens its page."
            )
        is_all = of_which == _ALL
        rows = data.rows(view, kind) if is_all else data.chosen(view, chosen["recommendation_id"])
        with st.container(horizontal=True):
            deciding.buttons(view, rows, f"list-{kind}", confirm=is_all)
            if st.button(
                "Open table",
                key=f"open-chosen-{kind}",
                icon=":material/arrow_forward:",
                disabled=len(chosen) != 1,
                help="The page of the one table that is chosen. A click on a table's name opens it, too.",
            ):
                _open(chosen.iloc[0])


def _open(row: pd.Series) -> None:
    pages.open_table(row["account_id"], row["region"], row["table_name"])


def _in_words(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with kinds, settings and statuses as the pages write them."""
    return rows.assign(
        kind=rows["kind"].map(wording.kind_name),
        **{name: rows[name].str.capitalize() for name in ("status", "confidence", "risk")},
        **{name: wording.settings(rows[name]) for name in ("current_setting", "recommended_setting")},
    )


def _configured(opened: str) -> dict[str, Any]:
    """Return how each column is shown; clicks on a table's name are kept under `opened`."""
    return {"table_name": cells.table_name(opened), **_COLUMNS}


_COLUMNS = {
    "index_name": cells.text("Index", 90, help="Empty for the table itself."),
    "kind": cells.text("Kind", 110),
    "monthly_savings_usd": cells.usd(
        "Saves a month",
        "USD a month. Only best plans add up: any other kind is shown as if only it were applied.",
    ),
    "annual_savings_usd": cells.usd("Saves a year", "USD a year: twelve months."),
    "current_monthly_cost_usd": cells.usd("Costs now", "USD a month, of what this kind of change is about."),
    "projected_monthly_cost_usd": cells.usd("Would cost", "USD a month, after the change."),
    "saved_pct": st.column_config.NumberColumn(
        "Saved", help="Share of the cost now that is saved.", format="%.0f %%", width=70
    ),
    "current_setting": cells.text("Setting now", 220),
    "recommended_setting": cells.text("Recommended", 320),
    "confidence": cells.text("Confidence", 95),
    "risk": cells.text("Risk", 80),
    "status": cells.text("Status", 105),
    "decided_by": cells.text("Decided by", 110),
    "decision_reason": cells.text("Why decided", 220),
    "snoozed_until": st.column_config.DatetimeColumn("Until", format="YYYY-MM-DD", width=100),
    "account_name": cells.text("Account", 140),
    "account_id": cells.text("Account id", 120),
    "ou_path": cells.text("Organisational unit", 180),
    "region": cells.text("Region", 100),
    "reason": cells.text("Reason", 700),
}
