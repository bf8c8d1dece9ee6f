"""The indexes of a table: how each is set, how large it is, what it costs and what is advised on it."""

from __future__ import annotations

import streamlit as st

from dashboard.data import table as data
from dashboard.data.table import Place, Row
from dashboard.view import View
from dashboard.views.table import grids, words
from optima.explained import lines
from optima.explained.table import Explained


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
    """Return what is advised on the capacity of each index, in the words of `explain`."""
    sections = zip(found.advice, lines.advice(found), strict=True)
    return {row["index_name"]: str(section.parts[0]) for row, section in sections if row["index_name"]}
