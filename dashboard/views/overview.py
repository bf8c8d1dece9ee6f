"""The first page: what could be saved, where, by which changes, and how much is known."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pandas as pd
import streamlit as st

from dashboard import charts, wording
from dashboard.data import savings
from dashboard.data.savings import KindTotal
from dashboard.data.scope import Scope, choices, gaps
from dashboard.data.scope import scope as of_tables
from dashboard.view import View
from dashboard.views import listing, notices
from optima.selection import PLAN
from optima.wording import ALONE, counted, kind_order, price_basis, usd


def render(view: View) -> None:
    """Draw the page for one build and selection; `filters` is None while the pattern is invalid."""
    st.title("Overview")
    st.caption(
        f"Published {wording.age(view.build.published_at, view.now)} ({wording.instant(view.build.published_at)}), "
        f"build {view.build.build_id}"
    )
    scope = of_tables(view)
    notices.render(scope, gaps(view.build), view.now)
    totals = _totals(view)
    _savings(totals)
    _prices(view)
    _facts(totals, scope, view.now)
    _where(view, totals)
    listing.render(view)


def _totals(view: View) -> list[KindTotal]:
    """Return one total per kind asked for, in the product's order, zero where nothing is to change."""
    found = {total.kind: total for total in savings.totals(view)}
    nothing = (0, 0, Decimal(0), Decimal(0), Decimal(0), Decimal(0))
    asked = view.filters.kinds or choices(view.build).kinds
    return [found.get(kind, KindTotal(kind, *nothing)) for kind in sorted(asked, key=kind_order)]


def _savings(totals: list[KindTotal]) -> None:
    """Draw what the plans save, then what each kind would save alone, which adds up to nothing."""
    for total in totals:
        if total.kind == PLAN:
            _headline(total)
    alone = [total for total in totals if total.kind != PLAN]
    for column, total in zip(st.columns(max(len(alone), 1)), alone, strict=False):
        with column.container(border=True):
            st.metric(
                f"{wording.kind_name(total.kind)}, a month",
                usd(total.monthly_savings_usd),
                delta=f"{usd(total.annual_savings_usd)} a year",
                delta_color="off",
                delta_arrow="off",
            )
            st.caption(f"{counted(total.recommendations, 'recommendation')}, {ALONE}")


def _headline(total: KindTotal) -> None:
    with st.container(border=True):
        month, year, tables = st.columns(3)
        month.metric("Best plans save a month", usd(total.monthly_savings_usd))
        year.metric("Best plans save a year", usd(total.annual_savings_usd))
        tables.metric("Tables to change", f"{total.tables:,}")
        st.caption("The one best plan of each table: all its changes together")


def _prices(view: View) -> None:
    """Say which prices the amounts are in, if not the list's, and what they would be in those."""
    for basis, listed in savings.other_prices(view):
        worth = "" if listed is None else f" At list prices the best plans save {usd(listed)} a month."
        st.caption(f"Prices are {price_basis(basis)}.{worth}")


def _facts(totals: list[KindTotal], scope: Scope, now: datetime) -> None:
    tables, recommendations, coverage, until = st.columns(4)
    tables.metric("Tables analysed", f"{scope.tables:,}")
    recommendations.metric("Recommendations", f"{sum(total.recommendations for total in totals):,}")
    coverage.metric(
        "Coverage",
        "none" if scope.coverage_ratio is None else wording.percent(scope.coverage_ratio),
        help="Share of the minutes in the window of which demand is known, over all tables and indexes.",
    )
    until.metric(
        "Data until",
        "none" if scope.known_until is None else wording.age(scope.known_until, now),
        help=None if scope.known_until is None else wording.instant(scope.known_until),
    )


def _where(view: View, totals: list[KindTotal]) -> None:
    if not any(total.recommendations for total in totals):
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Savings by kind")
        st.caption("USD a month; pale: what is paid for the same now")
        st.altair_chart(charts.by_kind(totals), alt="Savings by kind")
        _places("account", savings.by_account(view))
    with right:
        largest = savings.top_tables(view)
        st.subheader("Top ten tables")
        planned = PLAN in set(largest["kind"])
        st.caption(
            "USD a month, all changes of a table together"
            if planned
            else "USD a month, by the one kind that saves most"
        )
        st.markdown(charts.legend(largest["kind"]))
        st.altair_chart(charts.top_tables(largest), alt="Largest savings")
        _places("region", savings.by_region(view))


def _places(what: str, saved: pd.DataFrame) -> None:
    st.subheader(f"Savings by {what}")
    places = saved["place"].nunique()
    shown = f", the {charts.MOST_PLACES} largest of {places:,}" if places > charts.MOST_PLACES else ""
    st.caption(f"USD a month; any kind but the best plan as if only it were applied{shown}")
    st.markdown(charts.legend(saved["kind"]))
    st.altair_chart(charts.by_place(saved), alt=f"Savings by {what}")
