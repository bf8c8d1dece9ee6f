"""Questions about one kind of advice, whichever it is: its rows, its tables, what they cost now and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pandas as pd
import streamlit as st

from dashboard.data.savings import KindTotal, totals
from dashboard.data.selected import ask
from dashboard.view import View
from optima.errors import OptimaError
from optima.published import Build
from optima.selection import Filters

# Answers that a process remembers; each has some hundred rows at most.
_KEPT = 256
# Tables that a box offers. One that is not among them is found by the filter on the table's name.
MOST_CHOICES = 200
# Tables or indexes that get bars of their own, and those that get a point.
MOST_BARS, MOST_POINTS = 12, 300

_KEPT_AS_THEY_ARE = """
    select count(*)
    from selected
    where advice = 'keep'
"""

_TABLES = """
    select
        account_id,
        any_value(account_name) as account_name,
        region,
        table_name,
        bool_or(advice = 'change') as is_to_change,
        sum(monthly_savings_usd)::double as monthly_savings_usd
    from selected
    where
        $table_name = ''
        or (account_id = $account_id and region = $region and table_name = $table_name)
    group by account_id, region, table_name
    order by
        is_to_change desc,
        sum(monthly_savings_usd) desc,
        sum(current_monthly_cost_usd) desc nulls last,
        account_id,
        region,
        table_name
    limit $most
"""

_COSTS = """
    select
        account_id,
        account_name,
        region,
        table_name,
        index_name,
        current_monthly_cost_usd::double as current_monthly_cost_usd,
        projected_monthly_cost_usd::double as projected_monthly_cost_usd,
        monthly_savings_usd::double as monthly_savings_usd
    from selected
    where
        (advice = 'change' or $include_keep)
        and current_monthly_cost_usd is not null
        and projected_monthly_cost_usd is not null
    order by selected.monthly_savings_usd desc, account_id, region, table_name, index_name nulls first
    limit $most
"""


@dataclass(frozen=True)
class Place:
    """One table of the organisation."""

    account_id: str
    region: str
    table_name: str

    @property
    def at(self) -> str:
        """The table as addresses name it."""
        return f"{self.account_id}/{self.region}/{self.table_name}"


# No table in particular.
ANYWHERE = Place("", "", "")


def of_kind(view: View, kind: str) -> View:
    """Return the same look at the rows of one kind alone, those to keep among them.

    Charts show what should stay beside what should change; sums and lists leave it out by `advice`.
    """
    return replace(view, filters=replace(view.filters, kinds=(kind,), include_keep=True))


def total(view: View, kind: str) -> KindTotal | None:
    """Return the sums over the rows of a kind that are to change, None where there are none."""
    return next(iter(totals(of_kind(view, kind))), None)


def kept(view: View, kind: str) -> int:
    """Return how many rows of a kind should stay as they are."""
    return int(answer(of_kind(view, kind), _KEPT_AS_THEY_ARE, "recommendations").iat[0, 0])


def tables(view: View, kind: str, place: Place = ANYWHERE) -> pd.DataFrame:
    """Return the tables that a kind's rows are about, those to change first, by saving and then by cost.

    Columns: account_id, account_name, region, table_name, is_to_change, monthly_savings_usd. At most
    `MOST_CHOICES` of them, or only the one at `place`, if it is among them all.
    """
    asked = {**vars(place), "most": MOST_CHOICES}
    return answer(of_kind(view, kind), _TABLES, "recommendations", asked)


def costs(view: View, kind: str) -> pd.DataFrame:
    """Return what the largest savings of a kind cost now and would cost, USD a month, `MOST_BARS` at most."""
    asked = {"include_keep": bars_keep(view, kind), "most": MOST_BARS}
    return answer(of_kind(view, kind), _COSTS, "recommendations", asked)


def bars_keep(view: View, kind: str) -> bool:
    """Say whether bars show what should stay: where that is asked for, and where nothing is to change."""
    return view.filters.include_keep or total(view, kind) is None


def answer(view: View, query: str, what: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Return the rows of a constant query, remembered per build, filters, decisions and parameters.

    Args:
        view: What its rows `selected` are selected by.
        query: It may name any mart.
        what: What it needs that older builds may lack, as the sentence says it: `hourly capacity`.
        parameters: Values of its parameters.

    Raises:
        OptimaError: The build has no such mart or column; an older version published it.
    """
    try:
        return _answer(view, query, dict(parameters or {}))
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise OptimaError(
            f"The published build holds no {what}: `dynamodb-optima run` publishes a new one, which does."
        ) from error


def _what_figures_depend_on(view: View) -> tuple[Build, Filters, str]:
    return view.build, view.filters, view.standing.version


@st.cache_data(max_entries=_KEPT, show_spinner=False, hash_funcs={View: _what_figures_depend_on})
def _answer(view: View, query: str, parameters: dict[str, Any]) -> pd.DataFrame:
    return ask(view, query, parameters).df()
