"""What stands in the place of a page while nothing was published."""

from __future__ import annotations

import shlex
from pathlib import Path

import streamlit as st


def render(root: Path) -> None:
    """Say that this workspace has no results yet, and the two ways to get some."""
    st.title("Nothing to show yet")
    st.write(
        "No analysis has been published in this workspace. The page fills by itself as soon as there is one."
    )
    st.code(str(root), language=None)
    example, own = st.columns(2, gap="large")
    with example:
        st.subheader("To look around")
        st.write("An example organisation on this machine. No AWS account is needed.")
        st.code("dynamodb-optima demo", language="bash")
    with own:
        st.subheader("For your own tables")
        st.write(
            "With AWS credentials in the environment: load what is due, analyse it, publish the results."
        )
        st.code(f"dynamodb-optima --project-root {shlex.quote(str(root))} run", language="bash")
