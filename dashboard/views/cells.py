"""Columns that lists of recommendations and of decisions have in common."""

from __future__ import annotations

from typing import Any

import streamlit as st


def text(label: str, width: int, **options: Any) -> Any:
    """Show text, so many pixels wide."""
    return st.column_config.TextColumn(label, width=width, **options)


def usd(label: str, help_text: str) -> Any:
    """Show an amount of USD."""
    return st.column_config.NumberColumn(label, help=help_text, format="dollar", width=110)


def table_name(opened: str) -> Any:
    """Show the name of a table, which can be clicked; clicks are kept under `opened`."""
    return st.column_config.ButtonColumn(
        "Table", width=180, pinned=True, alignment="left", type="tertiary", key=opened
    )
