"""Spend and its trend, as a part of the overview: what is paid, where it goes, what moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import charts_bill
from dashboard.data import bill as data
from dashboard.data.bill import Choice
from dashboard.view import View
from dashboard.views import billed
from optima import bill
from optima.bill import money, written

_MOVERS, _HEIGHT = 3, 200


def render(view: View) -> None:
    """Draw what was billed in the newest month, by month and component, and what moved most a day."""
    st.subheader("Spend")
    found = billed.months(view)
    if not found:
        return
    month = found[0].first
    currencies = data.currencies(view.build, month)
    choice = Choice(month, currencies[0])
    total = data.total(view, choice)
    if not total["lines"]:
        st.info(billed.nothing(choice))
        return
    figures(choice, total)
    left, right = st.columns(2, gap="large")
    with left:
        months = data.by_month(view, choice)
        st.caption(billed.by_month_caption(choice, months))
        st.markdown(charts_bill.legend(row["component"] for row in months if row["cost"]))
        st.altair_chart(
            charts_bill.by_month(months, choice.currency, _HEIGHT), alt="Net cost by month and component"
        )
    with right:
        _movers(view, choice)
    if len(currencies) > 1:
        st.caption(f"{bill.CURRENCIES_APART} The page Bill has the others.")


def figures(choice: Choice, total: Mapping[str, Any]) -> None:
    """Draw what was billed net, what it is a day against the month before, and where the month goes."""
    paid, daily, projected = st.columns(3)
    so_far = "" if total["is_complete"] else ", so far"
    paid.metric(
        f"Billed in {written(choice.month)}{so_far}",
        money(total["net_cost"], choice.currency),
        help="Net: what the invoice says, after discounts, with taxes, credits and fees.",
    )
    billed.day_metric(daily, total, choice)
    if total["is_complete"]:
        projected.metric("At list prices", money(total["list_cost"], choice.currency) or "unknown")
    else:
        projected.metric(
            f"Projected for {written(choice.month)}",
            money(total["projected"], choice.currency) or "unknown",
            help="If every day of the month costs as much as those that are billed.",
        )


def _movers(view: View, choice: Choice) -> None:
    moved = [*data.movers(view, choice, 1, _MOVERS), *reversed(data.movers(view, choice, -1, _MOVERS))]
    if not moved:
        st.caption(f"Nothing to compare with: the bill of {written(choice.before)} was not read.")
        return
    st.caption(f"Largest changes of cost a day, net, against {written(choice.before)}")
    billed.table_list(
        moved,
        {
            "per_day": billed.amount("A day", choice.currency, width=78),
            "change_per_day": billed.amount("Change", choice.currency, width=78),
        },
        is_narrow=True,
        alt="Largest changes of cost a day",
    )
