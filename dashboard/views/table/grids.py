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
    shown = [[_whole(cell) for cell in row] for row in rows]
    if total:
        shown.append([f"**{_whole(cell)}**" if cell else "" for cell in total])
    # Streamlit sets columns of numbers to the right and lets none of its cells choose: so the cells of such a
    # column are the rows' numbers, shown as the texts that stand for them.
    columns = {
        heading: range(len(shown)) if heading in right else [row[place] for row in shown]
        for place, heading in enumerate(headings)
    }
    texts = {
        heading: [row[place] for row in shown].__getitem__
        for place, heading in enumerate(headings)
        if heading in right
    }
    st.table(pd.DataFrame(columns).style.format(texts), hide_index=True, border="horizontal", alt=alt)


def _whole(cell: str) -> str:
    """Escape a cell's text, and keep a sign with its amount where lines break."""
    return wording.literal(cell).replace("−", "−\u2060")
