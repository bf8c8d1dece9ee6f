"""Spend and its trend, as a part of the overview."""

from __future__ import annotations

import streamlit as st

from dashboard.view import View


def render(view: View) -> None:
    """Draw what was billed by month."""
    st.caption(f"Here will be spend and its trend, for build {view.build.build_id}.")
