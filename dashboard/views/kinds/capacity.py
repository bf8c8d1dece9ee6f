"""On-demand against provisioned.

What each table costs in either mode, and how a policy of autoscaling would have followed its demand.
"""

from __future__ import annotations

import streamlit as st

from dashboard.view import View


def render(view: View) -> None:
    """Draw the page."""
    st.title("Capacity")
    st.info(f"This page is to come. It will show build {view.build.build_id}.")
