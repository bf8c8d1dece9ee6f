"""How the page of one table says things. Pure functions, no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard import wording
from optima.wording import COMPONENTS, Setting, counted, number
from optima.wording import setting as in_words
from optima.wording import usd as in_usd

Row = Mapping[str, Any]

UNKNOWN = "unknown"
_DIMENSIONS = ("read", "write")
_GIB = 2**30


def usd(amount: Any) -> str:
    """Write an amount, or that it is unknown."""
    return UNKNOWN if amount is None else in_usd(amount)


def component(row: Row, has_indexes: bool) -> str:
    """Name what is paid for: `table: reads`, `by-date: writes`, `table and indexes: storage`."""
    is_shared = row["component"] == "storage" and has_indexes
    who = row["index_name"] or ("table and indexes" if is_shared else "table")
    return f"{who}: {COMPONENTS.get(row['component'], row['component'])}"


def settings(row: Row) -> str:
    """Say how a table or index is set, by a row of dim_tables, dim_indexes or configuration_history."""
    limits = [
        f"at most {row[f'on_demand_max_{name}_units']:,} {name}s a second"
        for name in _DIMENSIONS
        if row.get(f"on_demand_max_{name}_units") is not None
    ]
    return " · ".join(filter(None, [in_words(_setting(row)), *limits]))


def _setting(row: Row) -> Setting:
    capacities = {name: _capacity(row, name) for name in _DIMENSIONS}
    return {"billing_mode": row["billing_mode"], "table_class": row["table_class"], **capacities}


def _capacity(row: Row, dimension: str) -> Setting | None:
    if row["billing_mode"] != "PROVISIONED":
        return None
    target = row[f"{dimension}_target"]
    if target is None:
        return {"units": row[f"{dimension}_units"]}
    least, greatest = (row[f"{dimension}_autoscaling_{name}"] for name in ("min", "max"))
    return {"min": least, "max": greatest, "target": target}


def size(row: Row) -> str:
    """Write a size with its number of items: `12.4 GiB, 3,000,000 items`."""
    if row["size_bytes"] is None:
        return UNKNOWN
    items = "" if row["item_count"] is None else f", {counted(row['item_count'], 'item')}"
    return f"{number(row['size_bytes'] / _GIB, 2)} GiB{items}"


def instant(moment: datetime | None, otherwise: str = "never") -> str:
    """Write an instant, or what stands for there being none."""
    return otherwise if moment is None else wording.instant(moment)


def span(start: datetime | None, end: datetime | None, otherwise: str = "not collected") -> str:
    """Write from when to when."""
    if start is None or end is None:
        return otherwise
    return f"{start:%Y-%m-%d %H:%M} to {wording.instant(end)}"


def yes(is_so: bool | None) -> str:
    """Write a fact."""
    return UNKNOWN if is_so is None else ("yes" if is_so else "no")
