"""Reserved capacity and Savings Plans: what is owned, how it is used, what more would be worth."""

from __future__ import annotations

import streamlit as st

from dashboard.view import View


def render(view: View) -> None:
    """Draw the page."""
    st.title("Commitments")
    st.info(f"This page is to come. It will show build {view.build.build_id}.")
