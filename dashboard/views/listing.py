"""The list of recommendations and its export: both hold the rows that the filters select, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboard import wording
from dashboard.data import export
from dashboard.data.selected import ask, selected
from dashboard.view import View
from optima.selection import Filters
from optima.wording import counted

_LISTED = """
    select
        table_name,
        index_name,
        region,
        kind,
        monthly_savings_usd::double as monthly_savings_usd,
        current_monthly_cost_usd::double as current_monthly_cost_usd,
        projected_monthly_cost_usd::double as projected_monthly_cost_usd,
        current_setting,
        recommended_setting,
        confidence,
        risk,
        status,
        account_name,
        account_id,
        reason
    from selected
"""

_ROW, _MOST_ROWS = 36, 15


def render(view: View, columns: Sequence[str] = (), kind: str | None = None) -> None:
    """Draw the list with its number of rows and the button that exports it."""
    rows = selected(view)
    heading, corner = st.columns([4, 1], vertical_alignment="bottom")
    heading.subheader("Recommendations")
    heading.caption(f"{counted(rows.num_rows, 'row')}, best plans first, then the largest saving")
    corner.download_button(
        "Export as CSV",
        lambda: export.as_csv(rows),
        file_name=f"recommendations-{view.build.build_id}.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
        width="stretch",
        disabled=rows.num_rows == 0,
    )
    if rows.num_rows == 0:
        st.info(
            "No recommendation fits these filters."
            if view.filters != Filters()
            else "Nothing to change: every table and index that was judged is best left as it is."
        )
        return
    st.dataframe(
        listed(view),
        column_config=_COLUMNS,
        hide_index=True,
        row_height=_ROW,
        height=_ROW * (min(rows.num_rows, _MOST_ROWS) + 1) + 2,
        placeholder="",
        alt="Recommendations",
    )


def listed(view: View) -> pa.Table:
    """Return the selected rows as the list shows them: settings in words, amounts in USD a month."""
    rows = ask(view, _LISTED).df()
    rows["kind"] = rows["kind"].map(wording.kind_name)
    rows["status"] = rows["status"].str.capitalize()
    for column in ("confidence", "risk"):
        rows[column] = rows[column].str.capitalize()
    for column in ("current_setting", "recommended_setting"):
        rows[column] = rows[column].map(wording.setting)
    return pa.Table.from_pandas(rows, preserve_index=False)


def _text(label: str, width: int, **options: Any) -> Any:
    return st.column_config.TextColumn(label, width=width, **options)


def _usd(label: str, help_text: str) -> Any:
    return st.column_config.NumberColumn(label, help=help_text, format="dollar", width=110)


_COLUMNS = {
    "table_name": _text("Table", 170, pinned=True),
    "index_name": _text("Index", 90, help="Empty for the table itself."),
    "region": _text("Region", 90),
    "kind": _text("Kind", 110),
    "monthly_savings_usd": _usd(
        "Saves a month",
        "USD a month. Only best plans add up: any other kind is shown as if only it were applied.",
    ),
    "current_monthly_cost_usd": _usd("Costs now", "USD a month, of what this kind of change is about."),
    "projected_monthly_cost_usd": _usd("Would cost", "USD a month, after the change."),
    "current_setting": _text("Setting now", 220),
    "recommended_setting": _text("Recommended", 320),
    "confidence": _text("Confidence", 95),
    "risk": _text("Risk", 80),
    "status": _text("Status", 95),
    "account_name": _text("Account", 140),
    "account_id": _text("Account id", 120),
    "reason": _text("Reason", 700),
}
