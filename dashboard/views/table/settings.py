"""How a table is set, and how it was before."""

from __future__ import annotations

import streamlit as st

from dashboard import wording
from dashboard.data import table as data
from dashboard.data.table import Place, Row
from dashboard.view import View
from dashboard.views.table import grids, words


def render(view: View, table: Row) -> None:
    """Draw the part."""
    st.subheader("Settings now")
    grids.draw(("Setting", "Value"), list(_facts(table).items()), alt="Settings of this table")
    st.subheader("What was set when")
    _history(view, Place(table["account_id"], table["region"], table["table_name"]))


def _facts(table: Row) -> dict[str, str]:
    replicas = table["replica_regions"]
    observed = f", on {table['sizes_observed_on']:%Y-%m-%d}" if table["sizes_observed_on"] else ""
    return {
        "Mode, class, capacity": words.settings(table),
        "Mode last changed": words.instant(table["billing_mode_changed_at"], "never seen"),
        "Class last changed": words.instant(table["table_class_changed_at"], "never seen"),
        "Size of the table": f"{words.size(table)}{observed}",
        "Replicas": ", ".join(replicas) if table["is_replicated"] and replicas else "none",
        "Point-in-time recovery": words.yes(table["pitr_enabled"]),
        "Deletion protection": words.yes(table["deletion_protection"]),
        "Created": words.instant(table["created_at"], words.UNKNOWN),
    }


def _history(view: View, place: Place) -> None:
    spans = data.history(view.build, place)
    if spans is None:
        st.info(
            "This build was published by a version that kept no history for reading: `dynamodb-optima run` "
            "publishes one that does."
        )
        return
    if not spans:
        st.info("Nothing is known of its past.")
        return
    st.caption(
        "Changes are dated by the reading that first saw them; what was before the first reading is not "
        "known, so the oldest span reaches back to the creation. What autoscaling did is no change."
    )
    grids.draw(
        ("Table or index", "From", "To", "Settings"),
        [
            (
                row["index_name"] or "table",
                wording.instant(row["valid_from"]),
                words.instant(row["valid_to"], "in force"),
                words.settings(row)
                + (" · its policies could not be read" if row["is_autoscaling_unknown"] else ""),
            )
            for row in spans
        ],
        alt="History of settings",
    )
