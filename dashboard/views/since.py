"""What changed since the build that was published before, and how the total moved from build to build."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts, pages, wording
from dashboard.data import changes as data
from dashboard.data.changes import Changes
from dashboard.view import View
from optima.wording import counted, usd

_ROW = 36
_NAMES = {"new": "New", "gone": "Gone", "larger": "Saves more", "smaller": "Saves less"}
_MEANT = {
    "new": "Advised now, and not in the build before.",
    "gone": "No longer advised: done, no longer worth it, or the table is gone.",
    "larger": "Saves at least a cent more than in the build before.",
    "smaller": "Saves at least a cent less than in the build before.",
}
_OPENED = "open-moved"


@st.fragment
def render(view: View) -> None:
    """Draw how the best plans moved since the build before."""
    st.subheader("Since the last build")
    if not data.knows(view):
        st.info(
            "This build was published by an older version, which did not keep the one before. "
            "`dynamodb-optima run` publishes a new one, which does."
        )
        return
    builds = data.publications(view)
    if len(builds) < 2:
        st.info("This is the first build that was published here: what changes shows from the next one on.")
        return
    before = builds.iloc[-2]["published_at"].to_pydatetime()
    st.caption(
        f"Best plans of the tables that are filtered, whatever was decided, against the build of "
        f"{wording.instant(before)} ({wording.age(before, view.now)})"
    )
    changed = data.since_last(view)
    _total(changed)
    left, right = st.columns([2, 1], gap="medium")
    with left:
        _largest(changed.largest)
    with right:
        st.caption("What best plans save in USD a month, build by build, over the whole organisation")
        st.altair_chart(charts.publications(builds), alt="Monthly savings of the best plans by build")


def _total(changed: Changes) -> None:
    total, *others = st.columns(1 + len(changed.movements))
    with total.container(border=True, height="stretch"):
        st.metric(
            "All best plans",
            usd(changed.total.savings_now_usd),
            delta=_signed(float(changed.total.difference_usd)),
            delta_color="off",
        )
        st.caption(wording.literal(f"{usd(changed.total.savings_then_usd)} before"))
    for column, (name, movement) in zip(others, changed.movements.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.metric(
                _NAMES[name],
                f"{movement.plans:,}",
                delta=_signed(float(movement.difference_usd)) if movement.plans else None,
                delta_color="off",
                help=_MEANT[name],
            )
            st.caption("USD a month" if movement.plans else "no plan")


def _signed(difference: float) -> str | int:
    """Write an amount with its sign, as a metric reads it: an ASCII minus points down, zero nowhere."""
    written = usd(abs(difference))
    if written == usd(0):
        return 0
    return f"{'-' if difference < 0 else '+'}{written}"


def _largest(moved: pd.DataFrame) -> None:
    if moved.empty:
        st.info("Every plan saves what it saved before.")
        return
    st.caption(f"The {counted(len(moved), 'plan')} that moved most, in USD a month")
    st.dataframe(
        moved.assign(movement=moved["movement"].map(_NAMES)),
        column_config=_COLUMNS,
        column_order=list(_COLUMNS),
        hide_index=True,
        row_height=_ROW,
        height=_ROW * (len(moved) + 1) + 2,
        alt="Plans that moved most since the last build",
    )
    if click := st.session_state.get(_OPENED):
        row = moved.iloc[click["row"]]
        pages.open_table(row["account_id"], row["region"], row["table_name"])


def _usd(label: str) -> Any:
    return st.column_config.NumberColumn(label, format="dollar", width=95)


_COLUMNS = {
    "table_name": st.column_config.ButtonColumn(
        "Table", width=145, pinned=True, alignment="left", type="tertiary", key=_OPENED
    ),
    "movement": st.column_config.TextColumn("What", width=85),
    "difference_usd": _usd("Difference"),
    "savings_now_usd": _usd("Now"),
    "savings_then_usd": _usd("Before"),
    "account_name": st.column_config.TextColumn("Account", width=130),
    "region": st.column_config.TextColumn("Region", width=100),
}
