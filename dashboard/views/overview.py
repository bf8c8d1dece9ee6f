"""The first page: what could be saved, where, by which changes, and how much is known."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd
import streamlit as st

from dashboard import charts, data, wording
from dashboard.data import Filters, KindTotal, Scope
from dashboard.views import listing, notices
from optima.published import Build
from optima.wording import ALONE, counted, kind_order, price_basis, usd


def render(build: Build, filters: Filters | None) -> None:
    """Draw the page for one build and selection; `filters` is None while the pattern is invalid."""
    now = datetime.now(UTC).replace(tzinfo=None)
    st.title("Overview")
    st.caption(
        f"Published {wording.age(build.published_at, now)} ({wording.instant(build.published_at)}), "
        f"build {build.build_id}"
    )
    if filters is None:
        st.info(
            "The table name in the side bar is not a valid regular expression. Correct it to see figures."
        )
        return
    scope = data.scope(build, filters)
    notices.render(scope, data.gaps(build), now)
    totals = _totals(build, filters)
    _savings(totals)
    _prices(build, filters)
    _facts(totals, scope, now)
    _where(build, filters, totals)
    listing.render(build, filters)


def _totals(build: Build, filters: Filters) -> list[KindTotal]:
    """Return one total per kind asked for, in the product's order, zero where nothing is to change."""
    found = {total.kind: total for total in data.totals(build, filters)}
    nothing = (0, 0, Decimal(0), Decimal(0), Decimal(0), Decimal(0))
    asked = filters.kinds or data.choices(build).kinds
    return [found.get(kind, KindTotal(kind, *nothing)) for kind in sorted(asked, key=kind_order)]


def _savings(totals: list[KindTotal]) -> None:
    """Draw what the plans save, then what each kind would save alone, which adds up to nothing."""
    for total in totals:
        if total.kind == data.PLAN:
            _headline(total)
    alone = [total for total in totals if total.kind != data.PLAN]
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


def _prices(build: Build, filters: Filters) -> None:
    """Say which prices the amounts are in, if not the list's, and what they would be in those."""
    for basis, listed in data.other_prices(build, filters):
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


def _where(build: Build, filters: Filters, totals: list[KindTotal]) -> None:
    if not any(total.recommendations for total in totals):
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Savings by kind")
        st.caption("USD a month; pale: what is paid for the same now")
        st.altair_chart(charts.by_kind(totals), alt="Savings by kind")
        _places("account", data.by_account(build, filters))
    with right:
        largest = data.top_tables(build, filters)
        st.subheader("Top ten tables")
        planned = data.PLAN in set(largest["kind"])
        st.caption(
            "USD a month, all changes of a table together"
            if planned
            else "USD a month, by the one kind that saves most"
        )
        st.markdown(charts.legend(largest["kind"]))
        st.altair_chart(charts.top_tables(largest), alt="Largest savings")
        _places("region", data.by_region(build, filters))


def _places(what: str, savings: pd.DataFrame) -> None:
    st.subheader(f"Savings by {what}")
    places = savings["place"].nunique()
    shown = f", the {charts.MOST_PLACES} largest of {places:,}" if places > charts.MOST_PLACES else ""
    st.caption(f"USD a month; any kind but the best plan as if only it were applied{shown}")
    st.markdown(charts.legend(savings["kind"]))
    st.altair_chart(charts.by_place(savings), alt=f"Savings by {what}")
