"""Short tables that are read whole: all text shown and wrapped, numbers to the right, the total in bold."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd
import streamlit as st

from dashboard import wording


def draw(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    alt: str,
    total: Sequence[str] = (),
    right: Collection[str] = (),
) -> None:
    """Draw rows of text as it is, without a meaning of Markdown's characters.

    Args:
        headings: Of the columns, each different.
        rows: The cells of each row.
        alt: What the table holds, for those who hear it.
        total: The cells of the row below the others.
        right: The headings of columns that hold numbers.
    """
    shown = [[wording.literal(cell) for cell in row] for row in rows]
    if total:
        shown.append([f"**{wording.literal(cell)}**" if cell else "" for cell in total])
    frame = pd.DataFrame(shown, columns=list(headings))
    numbers = [heading for heading in headings if heading in right]
    styled = frame.style.set_properties(subset=numbers, **{"text-align": "right"})
    st.table(styled, hide_index=True, border="horizontal", alt=alt)
