"""What the pages about the bill share: whether there is one, how amounts and tables are listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import wording
from dashboard.data import bill as data
from dashboard.data.bill import Choice, Month
from dashboard.pages import link_to_table
from dashboard.view import View
from optima import bill
from optima.bill import money, written
from optima.decisions import OPEN
from optima.errors import OptimaError
from optima.wording import percent

# AWS delivers a day's usage within about a day, and changes it for longer.
_STALE_AFTER = timedelta(days=3)
ROW, _MOST_LINES = 36, 12
# The name of a table at the end of its page's address.
_NAME_IN_LINK = r"at=[^&]*%2F([^&]*)"
ON_NO_TABLE = "on no table"
_CENT = Decimal("0.01")


def months(view: View) -> tuple[Month, ...]:
    """Return the months of the bill, newest first; where there is none, say what to do and return none."""
    try:
        data.require(view.build, bill.COSTS, "costs")
    except OptimaError as error:
        st.info(str(error))
        return ()
    found = data.months(view.build)
    if not found:
        st.info(bill.NO_BILL)
    return found


def stale(view: View, found: Sequence[Month]) -> None:
    """Warn where the newest usage on the bill is old."""
    ends = [month.billed_until_at for month in found if month.billed_until_at]
    if ends and view.now - max(ends) > _STALE_AFTER:
        st.warning(
            f"The bill ends {wording.age(max(ends), view.now)}: `dynamodb-optima collect-cur` loads what AWS "
            "delivered since, then `dynamodb-optima run` analyses it."
        )


def filters_that_do_not_hold(view: View) -> None:
    """Say which of the chosen filters are about advice only, and what those on tables leave out."""
    asked = view.filters
    unused = [
        name
        for name, is_used in (
            ("kind", asked.kinds),
            ("status", asked.statuses != OPEN),
            ("minimum savings", asked.min_savings),
        )
        if is_used
    ]
    if unused:
        st.caption(f"Filters on {' and '.join(unused)} are about advice: they narrow nothing here.")
    if data.names_tables(asked):
        st.caption("Filters on tag and table name leave out what is on no table.")
    elif asked.regions:
        st.caption("Filters on the region leave out what names none, as most fees and taxes.")


def nothing(choice: Choice) -> str:
    """Say that the month has nothing of what the filters select."""
    return f"The bill of {written(choice.month)} has nothing of what the filters select."


def by_month_caption(choice: Choice, rows: Sequence[Mapping[str, Any]]) -> str:
    """Say what the chart by month draws."""
    so_far = "" if all(row["is_complete"] for row in rows) else "; pale: the month is not over"
    return f"{bill.currency_name(choice.currency)} by month and component, {data.BASES[choice.basis]}{so_far}"


def day_metric(place: Any, total: Mapping[str, Any], choice: Choice) -> None:
    """Draw what a day costs net, and how that changed where the month before is known."""
    changed = total["change_per_day"]
    share = percent(total["change_pct"])
    is_less, is_more = (changed is not None and sign * changed >= _CENT for sign in (-1, 1))
    place.metric(
        "A day",
        money(total["per_day"], choice.currency) or "unknown",
        delta=None
        if changed is None
        else signed(changed, choice.currency) + (f" ({share})" if share else ""),
        delta_color="orange" if is_more else "green" if is_less else "off",
        delta_arrow="up" if is_more else "down" if is_less else "off",
        delta_description=None if changed is None else f"against {written(choice.before)}",
        help="Of the hours that are billed, so that months can be compared that are not over; backups, and "
        "fees charged for the whole month, of the days of the month.",
    )


def signed(amount: Decimal, currency: str | None) -> str:
    """Write an amount with its sign: `+$3.10`, `−$2.00`; `$0.00` without."""
    text = money(amount, currency)
    return text if text.startswith("−") or not any(digit in text for digit in "123456789") else f"+{text}"


def table_list(
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, Any],
    *,
    alt: str,
    is_narrow: bool = False,
) -> None:
    """Draw rows that name tables, each a link to its page, with these columns.

    Args:
        is_narrow: Account and region share a column, so that half a page holds the list.
    """
    shown = pd.DataFrame([_named(row) | {name: as_number(row[name]) for name in columns} for row in rows])
    named = _NARROW if is_narrow else _WIDE
    listed(shown, {**named, **columns}, alt=alt)


def _named(row: Mapping[str, Any]) -> dict[str, str | None]:
    """Name the table of a row and where it is; what is on no table has no page."""
    table: str | None = row["table_name"]
    place = " · ".join(name for name in (row["account_name"], row["region"]) if name)
    return {
        "link": link_to_table(row["account_id"], row["region"], table) if table else None,
        "account_name": row["account_name"],
        "region": row["region"],
        "place": place if table else f"{ON_NO_TABLE} · {place}",
    }


def listed(rows: pd.DataFrame, columns: Mapping[str, Any], *, alt: str) -> None:
    """Draw rows with these columns, as high as they need, up to a dozen lines."""
    st.dataframe(
        rows.reindex(columns=list(columns)),
        column_config=dict(columns),
        hide_index=True,
        row_height=ROW,
        height=ROW * (min(len(rows), _MOST_LINES) + 1) + 2,
        placeholder="",
        alt=alt,
    )


def as_number(value: Any) -> Any:
    """Return an amount to the cent and per cents to a decimal, as browsers write them; the rest as it is.

    What is less becomes 0, which has no sign.
    """
    if isinstance(value, Decimal):
        return round(float(value), 2) + 0.0
    return round(value, 1) + 0.0 if isinstance(value, float) else value


def bulleted(sentences: Sequence[str], most: int = 5) -> str:
    """Return sentences as a Markdown list, of many the first and how many more there are."""
    shown = [f"- {wording.literal(sentence)}" for sentence in sentences[:most]]
    rest = len(sentences) - most
    return "\n".join([*shown, f"- and {rest:,} more"] if rest > 0 else shown)


def amount(label: str, currency: str | None, help_text: str | None = None, width: int = 90) -> Any:
    """A column of amounts."""
    named = label if currency == "USD" else f"{label} ({bill.currency_name(currency)})"
    style = "dollar" if currency == "USD" else "localized"
    return st.column_config.NumberColumn(named, help=help_text, format=style, width=width)


def percents(label: str, help_text: str | None = None, width: int = 80) -> Any:
    """A column of per cents with one decimal."""
    return st.column_config.NumberColumn(label, help=help_text, format="%.1f %%", width=width)


def text(label: str, width: int, help_text: str | None = None, **options: Any) -> Any:
    """A column of text."""
    return st.column_config.TextColumn(label, width=width, help=help_text, **options)


def _link(width: int) -> Any:
    return st.column_config.LinkColumn(
        "Table",
        display_text=_NAME_IN_LINK,
        width=width,
        pinned=True,
        alignment="left",
        help="Opens the table's page. Empty for what is on no table.",
    )


_WIDE = {"link": _link(175), "account_name": text("Account", 140), "region": text("Region", 95)}
_NARROW = {"link": _link(122), "place": text("Where", 172)}
