"""One table: configuration, cost, demand by the minute, plans and the arithmetic of each."""

from __future__ import annotations

import streamlit as st

from dashboard.view import View


def render(view: View) -> None:
    """Draw the page."""
    st.title("One table")
    st.info(f"This page is to come. It will show build {view.build.build_id}.")
