"""What the pages of the kinds share in saying things: parts that are missing, figures that are unknown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.data.kinds.asking import MOST_BARS
from optima.errors import OptimaError
from optima.wording import counted, number, usd

DIMENSIONS = {"read": "Reads", "write": "Writes"}


@contextmanager
def told() -> Iterator[None]:
    """Put the sentence of an error in the place of the part that it is about, and go on with the page."""
    try:
        yield
    except OptimaError as error:
        st.info(str(error))


def usd_or(amount: Any, otherwise: str = "unknown") -> str:
    """Write an amount of USD, or what stands for one that is not known."""
    return otherwise if pd.isna(amount) else usd(amount)


def number_or(value: Any, otherwise: str = "unknown", places: int = 1) -> str:
    """Write a quantity, or what stands for one that is not known."""
    return otherwise if pd.isna(value) else number(float(value), places)


def which(rows: pd.DataFrame, noun: str = "table", plural: str | None = None) -> str:
    """Say of how many rows a chart is: `the 12 tables` where there may be more, `3 tables` of fewer."""
    counts = counted(len(rows), noun, plural)
    return f"the {counts}" if len(rows) == MOST_BARS else counts


def resource_of(resources: Sequence[str], key: str) -> str:
    """Let the reader choose the table itself, which is the empty name, or one of its indexes."""
    if len(resources) == 1:
        return resources[0]
    chosen: str = st.segmented_control(
        "Of the table itself or an index",
        resources,
        default=resources[0],
        required=True,
        format_func=lambda name: name or "The table itself",
        key=key,
    )
    return chosen
