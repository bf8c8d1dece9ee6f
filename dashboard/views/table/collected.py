"""What the figures of a table rest on: what was collected, how old it is, what is missing, what to do."""

from __future__ import annotations

import streamlit as st

from dashboard import wording
from dashboard.data import table as data
from dashboard.data.scope import ENOUGH_COVERAGE
from dashboard.data.table import Place, Row
from dashboard.view import View
from dashboard.views.table import grids, words
from optima.explained import lines
from optima.wording import age, counted

_OUTCOMES = {
    "denied": "it denies access: `dynamodb-optima status` says what its role may not do",
    "failed": "the last reading failed: `dynamodb-optima discover` tries again",
}


def render(view: View, table: Row) -> None:
    """Draw the part."""
    place = Place(table["account_id"], table["region"], table["table_name"])
    found = data.explained(view, place)
    if not isinstance(found, str):
        st.subheader("What the figures rest on")
        st.markdown("\n".join(f"- {wording.literal(line)}" for line in lines.basis(found)))
    st.subheader("What was collected")
    rows = data.coverage(view.build, place)
    if not rows:
        st.info("Nothing was collected of this table: `dynamodb-optima collect` fetches its metrics.")
        return
    _missing(view, table, rows)
    columns = [_collected(row) for row in rows]
    grids.draw(
        ("Window of the analysis", *(row["index_name"] or "table" for row in rows)),
        [(label, *(cells[label] for cells in columns)) for label in columns[0]],
        alt="What was collected of this table and its indexes",
    )


def _collected(row: Row) -> dict[str, str]:
    resolution = row["resolution_seconds"]
    gap = ""
    if row["largest_gap_minutes"]:
        starts = words.instant(row["largest_gap_starts_at"])
        gap = f", the largest of {counted(row['largest_gap_minutes'], 'minute')} from {starts}"
    stale = row["staleness_minutes"]
    return {
        "From and to": words.span(row["window_start"], row["window_end"]),
        "Demand begins": words.instant(row["demand_starts_at"], "before the window"),
        "Known": f"{wording.percent(row['coverage_ratio'])}, {counted(row['known_minutes'], 'minute')}",
        "Gaps": f"{counted(row['gaps'], 'gap')}{gap}" if row["gaps"] else "none",
        "Resolution": "nothing known" if resolution is None else f"{resolution} seconds",
        "Newest known minute": words.instant(row["last_known_at"])
        + ("" if stale is None else f", {age(stale)} before the build"),
        "Demand by the minute": words.span(row["minutes_from_at"], row["minutes_to_at"]),
        "Demand by five minutes": words.span(row["five_minutes_from_at"], row["five_minutes_to_at"]),
        "Demand by the hour": words.span(row["hours_from_at"], row["hours_to_at"]),
        "Provisioned capacity": words.span(row["provisioned_from_at"], row["provisioned_to_at"]),
        "Throttles": words.span(row["throttles_from_at"], row["throttles_to_at"]),
        "Settings read": words.instant(row["last_successful_read_at"]),
    }


def _missing(view: View, table: Row, rows: list[Row]) -> None:
    """Say what is missing and what to do about it, or that nothing is."""
    sentences = []
    for row in rows:
        who = row["index_name"] or "The table"
        problems = [row[f"{name}_problem"] for name in ("minutes", "provisioned", "hours")]
        sentences += [f"{who}: {text}" for text in dict.fromkeys(filter(None, [row["missing"], *problems]))]
        if row["known_minutes"] < ENOUGH_COVERAGE * (row["known_minutes"] + row["gap_minutes"]):
            sentences.append(
                f"{who}: less than {ENOUGH_COVERAGE * 100:.0f} % of its minutes are known, too little "
                "to advise on its capacity."
            )
    listed = [wording.literal(text) for text in sentences]
    if sentences:
        listed.append("`dynamodb-optima collect` fetches what CloudWatch still holds.")
    account = data.account(view.build, table["account_id"]) or {}
    outcome = _OUTCOMES.get(account.get("last_read_outcome") or "")
    if outcome:
        listed.append(f"Account {wording.literal(table['account_name'])}: {outcome}.")
    if listed:
        st.warning("\n".join(f"- {text}" for text in listed))
    else:
        st.success("Nothing is missing.")
