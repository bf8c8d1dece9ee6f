"""How much of the provisioned capacity of each table and index is used, and what capacity would be enough."""

from __future__ import annotations

import streamlit as st

from dashboard.view import View


def render(view: View) -> None:
    """Draw the page."""
    st.title("Utilisation")
    st.info(f"This page is to come. It will show build {view.build.build_id}.")
