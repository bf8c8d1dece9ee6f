"""The buttons with which recommendations are decided, and the dialog that asks why and until when."""

from __future__ import annotations

import pyarrow as pa
import streamlit as st

from dashboard.view import View


def buttons(view: View, rows: pa.Table, key: str) -> None:
    """Draw the buttons Accept, Reject…, Snooze…, Done and Reopen for rows of `recommendations`.

    Args:
        view: What is looked at.
        rows: What a button decides, with the columns of `selected`; nothing can be pressed where it is empty.
        key: What tells these buttons from others of the page.
    """
    with st.container(horizontal=True, key=f"{key}-buttons"):
        for name in ("Accept", "Reject…", "Snooze…", "Done", "Reopen"):
            st.button(name, key=f"{key}-{name}", disabled=True)
