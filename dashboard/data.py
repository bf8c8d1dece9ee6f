"""Every question the pages ask of a build.

The rows that the filters select are read once per build and selection; totals, charts, list and export are
made from them, so they cannot disagree. SQL is constant: what a reader types reaches it as a parameter only.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import streamlit as st

from dashboard.builds import cursor
from optima.published import Build

# Selections that a process remembers. The rows of one, at 10,000 tables, are about 10 MB.
KEPT = 16
# What people can have decided about a recommendation, and what of it is still to be had.
STATUSES = ("pending", "accepted", "rejected", "snoozed", "implemented")
OPEN = ("pending", "accepted")
# The kind whose rows add up: all changes of a table together. Other kinds are about the same dollars in part.
PLAN = "best_plan"
# Below this share of known minutes nothing is advised on a resource's capacity.
ENOUGH_COVERAGE = 0.95

_SELECTED = """
    select *
    from recommendations
    where
        (advice = 'change' or $include_keep)
        and (len($kinds::varchar[]) = 0 or list_contains($kinds::varchar[], kind))
        and (len($accounts::varchar[]) = 0 or list_contains($accounts::varchar[], account_id))
        and (len($regions::varchar[]) = 0 or list_contains($regions::varchar[], region))
        and (len($statuses::varchar[]) = 0 or list_contains($statuses::varchar[], status))
        and ($min_savings = 0 or monthly_savings_usd >= $min_savings)
        and ($table_pattern = '' or regexp_matches(table_name, $table_pattern))
    order by
        kind <> $plan,
        monthly_savings_usd desc,
        account_id,
        region,
        table_name,
        index_name nulls first,
        kind
"""

_BY_KIND = """
    select
        kind,
        count(*) as recommendations,
        count(distinct (account_id, region, table_name)) as tables,
        sum(current_monthly_cost_usd) as current_monthly_cost_usd,
        sum(projected_monthly_cost_usd) as projected_monthly_cost_usd,
        sum(monthly_savings_usd) as monthly_savings_usd,
        sum(annual_savings_usd) as annual_savings_usd
    from selected
    where advice = 'change'
    group by kind
"""

# What the plans would save at list prices, where they were made at others.
_PRICED = """
    select
        price_basis,
        sum(list_monthly_savings_usd) filter (where kind = $plan and advice = 'change')
    from selected
    where price_basis <> 'list'
    group by price_basis
    order by price_basis
"""

_BY_ACCOUNT = """
    select
        account_name || ' · ' || account_id as place,
        kind,
        sum(monthly_savings_usd)::double as monthly_savings_usd
    from selected
    where advice = 'change'
    group by all
"""

_BY_REGION = """
    select
        region as place,
        kind,
        sum(monthly_savings_usd)::double as monthly_savings_usd
    from selected
    where advice = 'change'
    group by all
"""

# Of plans, or where the filters select none, of the one kind that saves most on a table: kinds overlap.
_TOP_TABLES = """
    with
        per_kind as (
            select
                account_id,
                account_name,
                region,
                table_name,
                kind,
                sum(current_monthly_cost_usd) as current_monthly_cost_usd,
                sum(monthly_savings_usd) as monthly_savings_usd
            from selected
            where
                advice = 'change'
                and (
                    kind = $plan
                    or not exists (select 1 from selected where kind = $plan and advice = 'change')
                )
            group by all
        )
    select
        account_id,
        account_name,
        region,
        table_name,
        kind,
        current_monthly_cost_usd::double as current_monthly_cost_usd,
        monthly_savings_usd::double as monthly_savings_usd
    from per_kind
    qualify
        row_number() over (
            partition by account_id, region, table_name
            order by monthly_savings_usd desc, kind
        )
        = 1
    order by monthly_savings_usd desc, account_id, region, table_name
    limit $most
"""

_LISTED = """
    select
        table_name,
        index_name,
        region,
        kind,
        monthly_savings_usd::double as monthly_savings_usd,
        current_monthly_cost_usd::double as current_monthly_cost_usd,
        projected_monthly_cost_usd::double as projected_monthly_cost_usd,
        current_setting,
        recommended_setting,
        confidence,
        risk,
        status,
        account_name,
        account_id,
        reason
    from selected
"""

_SCOPE = """
    select
        (
            select count(*)
            from dim_tables
            where
                (len($accounts::varchar[]) = 0 or list_contains($accounts::varchar[], account_id))
                and (len($regions::varchar[]) = 0 or list_contains($regions::varchar[], region))
                and ($table_pattern = '' or regexp_matches(table_name, $table_pattern))
        ) as tables,
        count(*) as resources,
        sum(known_minutes) / nullif(sum(known_minutes + gap_minutes), 0) as coverage_ratio,
        count(*) filter (known_minutes < $enough * (known_minutes + gap_minutes)) as with_gaps,
        max(window_end - to_minutes(staleness_minutes)) as known_until
    from collection_coverage
    where
        (len($accounts::varchar[]) = 0 or list_contains($accounts::varchar[], account_id))
        and (len($regions::varchar[]) = 0 or list_contains($regions::varchar[], region))
        and ($table_pattern = '' or regexp_matches(table_name, $table_pattern))
"""

_CHOICES = {
    "kinds": "select distinct kind from recommendations",
    "regions": "select distinct region from dim_tables order by region",
    "accounts": "select account_id, account_name from dim_accounts order by account_name, account_id",
}

_UNREAD_ACCOUNTS = """
    select account_name, account_id
    from dim_accounts
    where coalesce(state, 'ACTIVE') = 'ACTIVE' and last_read_outcome in ('denied', 'failed')
    order by account_name, account_id
"""

_BILLING = """
    select count(*), count(*) filter (source_of_usage = 'modelled')
    from table_class_recommendations
"""


@dataclass(frozen=True)
class Filters:
    """What the reader narrows the pages down to; savings are USD a month.

    Empty means everything. What was rejected, put off or done is left out unless it is asked for.
    """

    kinds: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    statuses: tuple[str, ...] = OPEN
    min_savings: Decimal = Decimal(0)
    table_pattern: str = ""
    include_keep: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """The filters as named parameters of the queries."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


@dataclass(frozen=True)
class Choices:
    """What a build offers to filter by. Accounts are pairs of id and name."""

    kinds: tuple[str, ...]
    accounts: tuple[tuple[str, str], ...]
    regions: tuple[str, ...]


@dataclass(frozen=True)
class KindTotal:
    """The sums of one kind over the rows to change. Sums of different kinds must not be added.

    Attributes:
        tables: The different tables among the rows.
    """

    kind: str
    recommendations: int
    tables: int
    current_monthly_cost_usd: Decimal
    projected_monthly_cost_usd: Decimal
    monthly_savings_usd: Decimal
    annual_savings_usd: Decimal


@dataclass(frozen=True)
class Scope:
    """What was analysed where the filters on account, region and table name look.

    Attributes:
        tables: Tables.
        resources: Tables and indexes.
        coverage_ratio: Share that is known of the minutes in which they existed; None where there are none.
        with_gaps: Tables and indexes of which less than `ENOUGH_COVERAGE` is known.
        known_until: End of the newest known minute (UTC), None when nothing is known.
    """

    tables: int
    resources: int
    coverage_ratio: float | None
    with_gaps: int
    known_until: datetime | None


@dataclass(frozen=True)
class Gaps:
    """What a build lacks.

    Attributes:
        unread_accounts: Accounts of which something could not be read, as name and id.
        tables: Tables whose class was judged.
        unbilled_tables: Those of them that no billing export names.
    """

    unread_accounts: tuple[tuple[str, str], ...]
    tables: int
    unbilled_tables: int


def pattern_problem(pattern: str) -> str | None:
    """Say why a pattern is not a regular expression of RE2, None when it is one."""
    with duckdb.connect() as connection:
        try:
            connection.execute("select regexp_matches('', $pattern)", {"pattern": pattern})
        except duckdb.InvalidInputException as error:
            return str(error).removeprefix("Invalid Input Error: ")
    return None


@st.cache_data(max_entries=KEPT, show_spinner=False)
def choices(build: Build) -> Choices:
    """Return what can be filtered by."""
    found = {name: cursor(build).execute(query).fetchall() for name, query in _CHOICES.items()}
    return Choices(
        kinds=tuple(kind for (kind,) in found["kinds"]),
        accounts=tuple(found["accounts"]),
        regions=tuple(region for (region,) in found["regions"]),
    )


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def selected(build: Build, filters: Filters) -> pa.Table:
    """Return the recommendations that the filters select, all columns: plans, then the largest saving first.

    Arrow tables do not change, so every reader gets the same one and not, as with cache_data, a copy.
    """
    return cursor(build).execute(_SELECTED, {**filters.parameters, "plan": PLAN}).to_arrow_table()


@st.cache_data(max_entries=KEPT, show_spinner=False)
def totals(build: Build, filters: Filters) -> tuple[KindTotal, ...]:
    """Return the sums of each kind that has something to change."""
    return tuple(KindTotal(*row) for row in _of_selected(build, filters, _BY_KIND).fetchall())


@st.cache_data(max_entries=KEPT, show_spinner=False)
def other_prices(build: Build, filters: Filters) -> tuple[tuple[str, Decimal | None], ...]:
    """Return the price bases that are not the list, each with what its best plans save at list prices."""
    if "list_monthly_savings_usd" not in selected(build, filters).column_names:
        return ()  # published by a version that knew it not
    return tuple(_of_selected(build, filters, _PRICED, {"plan": PLAN}).fetchall())


@st.cache_data(max_entries=KEPT, show_spinner=False)
def by_account(build: Build, filters: Filters) -> pd.DataFrame:
    """Return monthly savings per account and kind: place, kind, monthly_savings_usd."""
    return _of_selected(build, filters, _BY_ACCOUNT).df()


@st.cache_data(max_entries=KEPT, show_spinner=False)
def by_region(build: Build, filters: Filters) -> pd.DataFrame:
    """Return monthly savings per region and kind: place, kind, monthly_savings_usd."""
    return _of_selected(build, filters, _BY_REGION).df()


@st.cache_data(max_entries=KEPT, show_spinner=False)
def top_tables(build: Build, filters: Filters, most: int = 10) -> pd.DataFrame:
    """Return the tables on which plans save most, at most `most`; without plans, on which one kind does."""
    return _of_selected(build, filters, _TOP_TABLES, {"most": most, "plan": PLAN}).df()


def listed(build: Build, filters: Filters) -> pd.DataFrame:
    """Return the selected rows with the columns of the list, amounts as plain numbers."""
    return _of_selected(build, filters, _LISTED).df()


@st.cache_data(max_entries=KEPT, show_spinner=False)
def scope(build: Build, filters: Filters) -> Scope:
    """Return what was analysed in the accounts, regions and tables that the filters name."""
    asked = filters.parameters
    wanted = {name: asked[name] for name in ("accounts", "regions", "table_pattern")}
    row = cursor(build).execute(_SCOPE, {**wanted, "enough": ENOUGH_COVERAGE}).fetchone()
    assert row is not None  # an aggregate without group by has exactly one row
    return Scope(*row)


@st.cache_data(max_entries=KEPT, show_spinner=False)
def gaps(build: Build) -> Gaps:
    """Return what the whole build is missing, whatever is filtered."""
    unread = cursor(build).execute(_UNREAD_ACCOUNTS).fetchall()
    ((tables, unbilled),) = cursor(build).execute(_BILLING).fetchall()
    return Gaps(tuple(unread), tables, unbilled)


def as_csv(rows: pa.Table) -> bytes:
    """Write rows as CSV (UTF-8, header, ISO instants), amounts exact to the last digit that is not a zero."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(rows.column_names)
    writer.writerows([_csv_value(value) for value in row.values()] for row in rows.to_pylist())
    return written.getvalue().encode()


def _csv_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, datetime) else value


def _of_selected(
    build: Build, filters: Filters, query: str, parameters: Mapping[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """Ask a question of the selected rows, which the query calls `selected`."""
    reader = cursor(build)
    reader.register("selected", selected(build, filters))
    return reader.execute(query, dict(parameters or {}))
