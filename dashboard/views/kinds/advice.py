"""Recommendations of kinds that have no page of their own."""

from __future__ import annotations

import streamlit as st

from dashboard.view import View


def render(view: View) -> None:
    """Draw the page."""
    st.title("More advice")
    st.info(f"This page is to come. It will show build {view.build.build_id}.")
