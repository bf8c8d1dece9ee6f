"""The indexes of a table: how each is set, how large it is, what it costs and what is advised on it."""

from __future__ import annotations

import streamlit as st

from dashboard.data import table as data
from dashboard.data.table import Place, Row
from dashboard.view import View
from dashboard.views.table import grids, words
from optima.explained.table import Explained
from optima.wording import ALONE, change


def render(view: View, table: Row) -> None:
    """Draw the part."""
    place = Place(table["account_id"], table["region"], table["table_name"])
    found = data.indexes(view.build, place)
    if not found:
        st.info("This table has no global secondary index.")
        return
    st.caption(
        "USD a month of each index's own throughput, as it is set now. Mode and class are the table's; "
        "storage is paid for table and indexes together."
    )
    explained = data.explained(view, place)
    advice = {} if isinstance(explained, str) else _advice(explained)
    grids.draw(
        ("Index", "Settings", "Size", "Costs now", "Advice on its capacity", "Created"),
        [
            (
                row["index_name"],
                words.settings(row),
                words.size(row),
                words.usd(row["monthly_cost_usd"]),
                advice.get(row["index_name"], "its table's mode decides"),
                words.instant(row["created_at"], words.UNKNOWN),
            )
            for row in found
        ],
        alt="Indexes of this table",
        right=("Costs now",),
    )
    observed = next((row["sizes_observed_on"] for row in found if row["sizes_observed_on"]), None)
    if observed:
        st.caption(f"Sizes as AWS reported them on {observed:%Y-%m-%d}.")


def _advice(found: Explained) -> dict[str, str]:
    """Return what is advised on the capacity of each index by itself."""
    return {row["index_name"]: _advised(row) for row in found.advice if row["index_name"]}


def _advised(row: Row) -> str:
    sure = f"confidence {row['confidence']}, risk {row['risk']}, {row['status']}"
    if row["advice"] != "change":
        return f"keep ({row['keep_reason'].replace('_', ' ')}); {sure}"
    what = change(row["current_setting"], row["recommended_setting"])
    return f"{what}: saves {words.usd(row['monthly_savings_usd'])} a month, {ALONE}; {sure}"
