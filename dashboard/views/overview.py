"""The first page: what could be saved, where, by which changes, what moved, and how much is known."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import streamlit as st

from dashboard import charts, wording
from dashboard.data import decided, savings
from dashboard.data.savings import KindTotal
from dashboard.data.scope import Scope, choices, gaps
from dashboard.data.scope import scope as of_tables
from dashboard.view import View
from dashboard.views import largest, listing, notices, since, spend
from optima.selection import PLAN
from optima.wording import ALONE, counted, kind_order, price_basis, usd

_PLACES = {"ou": "Organisational unit", "account": "Account", "region": "Region"}


def render(view: View) -> None:
    """Draw the page."""
    st.title("Overview")
    build, now = view.build, view.now
    st.caption(
        f"Published {wording.age(build.published_at, now)} ({wording.instant(build.published_at)}), "
        f"build {build.build_id}"
    )
    scope = of_tables(view)
    notices.render(scope, gaps(build), now)
    totals = _totals(view)
    _savings(totals)
    _prices(view)
    _facts(totals, scope, now)
    spend.render(view)
    _where(view, totals)
    largest.render(view)
    _decided(view)
    since.render(view)
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
        with column.container(border=True, height="stretch"):
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
    kinds, places = st.columns(2, gap="large")
    with kinds:
        st.subheader("Savings by kind")
        st.caption("USD a month; pale: what is paid for the same now")
        st.altair_chart(charts.by_kind(totals), alt="Savings by kind")
    with places:
        _by_place(view)


@st.fragment
def _by_place(view: View) -> None:
    st.subheader("Savings by place")
    place = st.segmented_control(
        "Place",
        list(_PLACES),
        default="account",
        required=True,
        format_func=_PLACES.__getitem__,
        key="savings-by",
        label_visibility="collapsed",
        persist_state="session",
    )
    saved = savings.by_place(view, place)
    places = saved["place"].nunique()
    shown = f", the {charts.MOST_PLACES} largest of {places:,}" if places > charts.MOST_PLACES else ""
    planned = PLAN in set(saved["kind"])
    what = "all changes of a table together" if planned else "each kind as if only it were applied"
    st.caption(f"USD a month; {what}{shown}")
    st.markdown(charts.legend(saved["kind"]))
    st.altair_chart(charts.by_place(saved), alt=f"Savings by {_PLACES[place].lower()}")


def _decided(view: View) -> None:
    """Draw what stands at each status."""
    st.subheader("Decided")
    st.caption(
        "USD a month that the best plans save, whatever status is filtered by. "
        "What is no longer advised counts with what it was to save when it was decided."
    )
    totals = decided.by_status(view)
    for column, total in zip(st.columns(len(totals)), totals, strict=True):
        with column.container(border=True, height="stretch"):
            st.metric(total.status.capitalize(), usd(total.monthly_savings_usd))
            st.caption(
                f"{counted(total.plans, 'best plan')}, {counted(total.others, 'other recommendation')}"
            )
