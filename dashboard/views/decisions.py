"""Every decision that was ever taken: who, when, what, why and until when."""

from __future__ import annotations

import streamlit as st

from dashboard.view import View


def render(view: View) -> None:
    """Draw the page."""
    st.title("Decisions")
    st.info(f"This page is to come. It will show build {view.build.build_id}.")
