"""Standard against Standard-IA.

What each table pays for storage and for throughput, and on which side of the break-even line it lies.
"""

from __future__ import annotations

import streamlit as st

from dashboard.view import View


def render(view: View) -> None:
    """Draw the page."""
    st.title("Table class")
    st.info(f"This page is to come. It will show build {view.build.build_id}.")
