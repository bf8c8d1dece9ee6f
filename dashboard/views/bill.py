"""What AWS billed for DynamoDB, by month, account, table and component."""

from __future__ import annotations

import streamlit as st

from dashboard.view import View


def render(view: View) -> None:
    """Draw the page."""
    st.title("Bill")
    st.info(f"This page is to come. It will show build {view.build.build_id}.")
