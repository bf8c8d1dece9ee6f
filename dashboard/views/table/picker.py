"""What stands on the page while the address names no table, or none that there is."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import pages, wording
from dashboard.data import table as data
from dashboard.view import View
from optima.wording import CLASSES, MODES, change, counted

_ROW, _MOST_ROWS = 36, 15
# How often a table was chosen from the list. The browser remembers the chosen row, and would choose it again
# on the way back, were it the same list.
_VISITS = "tables-chosen"
_PLACE = ("account_id", "region", "table_name")


def render(view: View) -> None:
    """Draw the list of tables that the side bar selects, narrowed down by a part of their names."""
    st.title("One table", anchor=False)
    text = st.text_input(
        "Find a table",
        key="find",
        bind="query-params",
        placeholder="part of its name",
        icon=":material/search:",
        live="300ms",
    )
    found = data.found(view, text.strip())
    if found.empty:
        st.info(
            "No table of this build has such a name and passes the filters in the side bar."
            if text
            else "No table passes the filters in the side bar."
        )
        return
    total = int(found["found"].iloc[0])
    shown = f", the first {len(found):,}" if total > len(found) else ""
    st.caption(f"{counted(total, 'table')}{shown}; the largest savings first. Choose one to open it.")
    visit = st.session_state.get(_VISITS, 0)
    chosen = st.dataframe(
        _listed(found),
        column_config=_COLUMNS,
        hide_index=True,
        row_height=_ROW,
        height=_ROW * (min(len(found), _MOST_ROWS) + 1) + 2,
        placeholder="",
        selection_mode="single-row",
        on_select="rerun",
        key=f"tables-{visit}",
        alt="Tables, the largest savings first",
    )
    rows = chosen.get("selection", {}).get("rows", [])
    if rows:
        st.session_state[_VISITS] = visit + 1
        pages.open_table(*(str(found.iloc[rows[0]][name]) for name in _PLACE))


def render_unknown(view: View, named: str) -> None:
    """Say that the build has no such table, and offer those with names like it."""
    st.title("One table", anchor=False)
    st.warning(
        f"Build {view.build.build_id} has no table {wording.literal(named)}: it may have been deleted since, "
        "or the address may be misspelt (account id/region/table name)."
    )
    near = data.nearest(view, named)
    if near:
        st.markdown("Tables with names like it:")
    for row in near:
        label = f"{row['table_name']} · {row['region']} · {row['account_name']} ({row['account_id']})"
        account_id, region, name = (row[column] for column in _PLACE)
        pages.draw_link_to_table(account_id, region, name, wording.literal(label))
    if st.button("All tables", key="others", icon=":material/search:"):
        pages.choose_table()


def _listed(found: pd.DataFrame) -> pd.DataFrame:
    """Return the tables as the list shows them: settings in words, amounts in USD a month."""
    settings = zip(found["current_setting"], found["recommended_setting"], found["advice"], strict=True)
    return pd.DataFrame(
        {
            "table_name": found["table_name"],
            "monthly_savings_usd": found["monthly_savings_usd"].astype(float),
            "current_monthly_cost_usd": found["current_monthly_cost_usd"].astype(float),
            "mode": found["billing_mode"].map(MODES) + " · " + found["table_class"].map(CLASSES),
            "plan": [_plan(*row) for row in settings],
            "region": found["region"],
            "account": found["account_name"] + " (" + found["account_id"] + ")",
        }
    )


def _plan(current: str | None, recommended: str | None, advice: str | None) -> str:
    if not current or not recommended:
        return ""
    return change(json.loads(current), json.loads(recommended)) if advice == "change" else "keep as it is"


def _text(label: str, width: int, **options: Any) -> Any:
    return st.column_config.TextColumn(label, width=width, **options)


def _usd(label: str) -> Any:
    return st.column_config.NumberColumn(label, help="USD a month", format="dollar", width=110)


_COLUMNS = {
    "table_name": _text("Table", 190, pinned=True),
    "monthly_savings_usd": _usd("Saves a month"),
    "current_monthly_cost_usd": _usd("Costs now"),
    "mode": _text("Mode and class", 190),
    "plan": _text("Best plan", 360),
    "region": _text("Region", 90),
    "account": _text("Account", 240),
}
