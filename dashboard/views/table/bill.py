"""What the model says of a table against what was billed for it, month by month."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import wording
from dashboard.data import table as data
from dashboard.data.table import Place, Row
from dashboard.view import View
from dashboard.views.table import grids, words
from optima import bill
from optima.wording import COMPONENTS, counted, percent

# Months that are shown with their components, of those that were loaded.
_MOST_MONTHS = 6
_AMOUNTS = ("Billed", "Modelled", "Modelled − billed")


def render(view: View, table: Row) -> None:
    """Draw the part."""
    place = Place(table["account_id"], table["region"], table["table_name"])
    months, billed = data.months(view.build, place), data.billed(view.build, place)
    if months is None or billed is None:
        st.info(bill.NO_BILL)
        return
    if not months and not billed:
        st.info(
            "No billing export names this table: nothing is compared, and its class is judged from size and "
            "demand. `dynamodb-optima collect-cur` loads exports."
        )
        return
    st.subheader("Model against the bill")
    st.caption("USD of the hours that model and bill both know, at the prices of the advice")
    by_component = data.months_by_component(view.build, place)
    for month in months[:_MOST_MONTHS]:
        _compared(month, [row for row in by_component if _is_of(row, month)])
    if len(months) > _MOST_MONTHS:
        st.caption(f"The newest {_MOST_MONTHS} of {counted(len(months), 'month')}.")
    st.subheader("Billed, by component")
    _billed(billed[:_MOST_MONTHS])


def _is_of(row: Row, month: Row) -> bool:
    return all(row[name] == month[name] for name in ("billing_month", "payer_account_id"))


def _compared(month: Row, components: Sequence[Row]) -> None:
    st.markdown(f"**{month['billing_month']:%Y-%m}** · {wording.literal(month['explanation'])}")
    if not components:
        return
    error = f" ({percent(month['error_pct'])})" if month["error_pct"] is not None else ""
    grids.draw(
        ("Component", *_AMOUNTS),
        [
            (
                COMPONENTS[row["component"]],
                *(words.usd(row[name]) for name in ("billed_usd", "modelled_usd", "error_usd")),
            )
            for row in components
        ],
        total=(
            "total",
            words.usd(month["compared_billed_usd"]),
            words.usd(month["modelled_usd"]),
            f"{words.usd(month['error_usd'])}{error}",
        ),
        alt=f"Model against the bill of {month['billing_month']:%Y-%m}",
        right=_AMOUNTS,
    )


def _billed(rows: Sequence[Row]) -> None:
    """Draw what was billed of every component, a column for each month."""
    if not rows:
        st.info("The export names this table in no month.")
        return
    st.caption("Net: what was billed after discounts, whole months, the newest so far")
    several = len({(row["payer_account_id"], row["currency"]) for row in rows}) > 1
    headings = [
        f"{row['billing_month']:%Y-%m}"
        + (f" · {row['payer_account_id']} {row['currency'] or ''}" if several else "")
        for row in rows
    ]
    present = [name for name in COMPONENTS if any(row.get(f"{name}_cost") for row in rows)]
    grids.draw(
        ("Component", *headings),
        [(COMPONENTS[name], *(_amount(row, f"{name}_cost") for row in rows)) for name in present],
        total=("total", *(_amount(row, "net_cost") for row in rows)),
        alt="Billed by component and month",
        right=headings,
    )


def _amount(row: Row, column: str) -> str:
    amount = row.get(column)
    if amount is None:
        return ""
    return words.usd(amount) if row["currency"] in (None, "USD") else f"{amount:,.2f} {row['currency']}"
