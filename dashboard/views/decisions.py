"""Every decision that was ever taken: who, when, what, why, until when, and what became of the advice."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import pages, wording
from dashboard.data import decided as data
from dashboard.data import export
from dashboard.data.decided import BECAME, CHANGED, ROWS, Sought, StatusTotal
from dashboard.view import View
from dashboard.views import cells, deciding
from optima.decisions import ACCEPTED, REJECTED, SNOOZED, STATUSES
from optima.wording import counted, usd

_ROW, _SEEN = 36, 14
# What still has an effect when the advice changes.
_TAKEN = (ACCEPTED, REJECTED, SNOOZED)


def render(view: View) -> None:
    """Draw the page."""
    st.title("Decisions")
    st.caption(
        "What was decided about recommendations, here and on the command line. It is kept apart from the "
        "data: no load and no build touches it."
    )
    if not view.standing.history:
        st.info(
            "Nothing was decided yet. Choose rows of a list of recommendations and accept, reject or snooze "
            "them, or run `dynamodb-optima decide`: what was decided is listed here."
        )
        return
    _standing(data.by_status(view))
    _changed(view)
    _history(view)


def _standing(totals: tuple[StatusTotal, ...]) -> None:
    """Draw what stands at each status."""
    for column, total in zip(st.columns(len(totals)), totals, strict=True):
        with column.container(border=True, height="stretch"):
            st.metric(
                total.status.capitalize(),
                f"{total.plans + total.others:,}",
                help="Recommendations of this build that stand so.",
            )
            st.caption(wording.literal(f"Best plans: {usd(total.monthly_savings_usd)} a month"))


def _changed(view: View) -> None:
    """Say how much of what is in force was decided on advice that is another one now."""
    changed = data.count(view, Sought(statuses=_TAKEN, became=(CHANGED,), only_latest=True))
    if changed:
        noun = "decision was" if changed == 1 else "decisions were"
        st.warning(
            f"{changed:,} {noun} taken on advice that has changed since. Choose *Advice changed* under "
            "*Since then* to see which; a new decision is on the advice as it is now."
        )


@st.fragment
def _history(view: View) -> None:
    sought = _seek(view)
    total = data.count(view, sought)
    heading, corner = st.columns([4, 1], vertical_alignment="bottom")
    heading.subheader("History")
    heading.caption(
        f"{counted(total, 'decision')}, the latest first. What the side bar says of status and minimum "
        "savings plays no part."
    )
    corner.download_button(
        "Export as CSV",
        lambda: export.as_csv(data.rows(view, sought)),
        file_name=f"decisions-{view.now:%Y%m%dT%H%M%S}Z.csv",
        mime="text/csv",
        key="export-decisions",
        on_click="ignore",
        icon=":material/download:",
        width="stretch",
        disabled=not total,
        help="All decisions that are listed, with every column.",
    )
    if not total:
        st.info("No decision fits these filters.")
        return
    bar = st.container()
    shown = hash((view.build, view.filters, view.standing.version, sought))
    number = st.session_state.get(f"decisions-page-{shown}", 1)
    rows = data.page(view, sought, number)
    chosen = rows.iloc[_rows(rows, key=f"decisions-{shown}-{number}")]
    pages_of = -(-total // ROWS)
    if pages_of > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.pagination(pages_of, key=f"decisions-page-{shown}")
            first = (number - 1) * ROWS
            st.caption(f"Decisions {first + 1:,} to {first + len(rows):,} of {total:,}")
    with bar.container(border=True):
        st.caption(
            f"{counted(len(chosen), 'chosen row')}: what is decided now about them is added to the history"
        )
        ids = chosen["recommendation_id"].drop_duplicates()
        deciding.buttons(view, data.chosen(view, ids), "decisions")


def _seek(view: View) -> Sought:
    """Draw what narrows the history down and return what it says."""
    status, people, became, latest = st.columns([4, 3, 4, 3], vertical_alignment="bottom")
    chosen = status.multiselect(
        "Decided",
        STATUSES,
        format_func=lambda value: "Reopened" if value == "pending" else value.capitalize(),
        key="sought-status",
        placeholder="Anything",
    )
    by = people.multiselect("By", data.people(view), key="sought-by", placeholder="Anybody")
    since = became.multiselect(
        "Since then",
        BECAME,
        format_func=str.capitalize,
        key="sought-became",
        placeholder="Whatever became of it",
    )
    only_latest = latest.toggle(
        "Latest only", key="sought-latest", help="Of each recommendation what counts."
    )
    return Sought(tuple(chosen) or STATUSES, tuple(by), tuple(since) or BECAME, only_latest)


def _rows(rows: pd.DataFrame, key: str) -> list[int]:
    """Draw decisions and return the places of those that the reader chose."""
    opened = f"open-{key}"
    grid = st.dataframe(
        _in_words(rows),
        column_config=_configured(opened),
        column_order=[name for name in _ORDER if name != "index_name" or rows[name].notna().any()],
        hide_index=True,
        row_height=_ROW,
        height=_ROW * (min(len(rows), _SEEN) + 1) + 2,
        placeholder="",
        alt="Decisions",
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
    )
    if click := st.session_state.get(opened):
        row = rows.iloc[click["row"]]
        pages.open_table(row["account_id"], row["region"], row["table_name"])
    return list(grid.selection.rows)


def _in_words(rows: pd.DataFrame) -> pd.DataFrame:
    words = rows.assign(
        status=[_decided(status) for status in rows["status"]],
        kind=rows["kind"].map(wording.kind_name, na_action="ignore"),
        became=rows["became"].str.capitalize(),
        recommended_setting=wording.settings(rows["recommended_setting"]),
        setting_now=wording.settings(rows["setting_now"]),
    )
    superseded = "no, superseded"
    return words.assign(
        in_force=["yes" if latest else superseded for latest in rows["is_latest"]],
    )


def _decided(status: str) -> str:
    return "Reopened" if status == "pending" else status.capitalize()


def _configured(opened: str) -> dict[str, Any]:
    return {"table_name": cells.table_name(opened), **_COLUMNS}


_COLUMNS = {
    "index_name": cells.text("Index", 80, help="Empty for the table itself."),
    "kind": cells.text("Kind", 105),
    "status": cells.text("Decided", 100),
    "became": cells.text("Since then", 150, help="What became of the advice since it was decided."),
    "decided_at": st.column_config.DatetimeColumn("When (UTC)", format="YYYY-MM-DD HH:mm", width=130),
    "decided_by": cells.text("By", 110),
    "reason": cells.text("Why", 240),
    "snoozed_until": st.column_config.DatetimeColumn("Until", format="YYYY-MM-DD", width=100),
    "monthly_savings_usd": cells.usd("Saved then", "USD a month that it was to save when it was decided."),
    "savings_now_usd": cells.usd(
        "Saves now", "USD a month that it would save by this build. Empty: nothing."
    ),
    "in_force": cells.text("In force", 115, help="Whether a later decision took its place."),
    "account_name": cells.text("Account", 130),
    "region": cells.text("Region", 100),
    "recommended_setting": cells.text("Recommended then", 300),
    "setting_now": cells.text("Recommended now", 300),
    "recommendation_id": cells.text("Recommendation", 120),
}
_ORDER = ("table_name", *_COLUMNS)
