"""What was analysed, what is missing, and what can be filtered by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import streamlit as st

from dashboard.builds import cursor
from dashboard.data.selected import KEPT, remembered
from dashboard.view import View
from optima import published
from optima.published import Build
from optima.selection import ABOUT_TABLES, TAG_PAIRS, Filters

# Below this share of known minutes nothing is advised on a resource's capacity.
ENOUGH_COVERAGE = 0.95
# Tags that are offered, the most frequent first; any other can be typed.
MOST_TAGS = 500

# The filters of optima.selection that are about a table and not about advice on it.
_TABLES = f"""
    with
        later_facts as (select null::varchar as ou_path, null::varchar as tags where false),

        -- tables that are no longer in force, and were when something was decided or published
        gone as (
            select
                more.account_id,
                coalesce(dim_accounts.account_name, more.account_id) as account_name,
                dim_accounts.ou_path,
                more.region,
                more.table_name
            from (select distinct account_id, region, table_name from more) as more
            anti join dim_tables using (account_id, region, table_name)
            left join dim_accounts using (account_id)
            where more.account_id is not null
        ),

        facts as (
            from dim_tables
            union all by name
            from gone
            union all by name
            from later_facts
        ),

        tagged as (
            select
                *,
                {TAG_PAIRS} as pairs
            from facts
        )

    select account_id, account_name, ou_path, region, table_name
    from tagged
    where {ABOUT_TABLES}
"""  # noqa: S608 (the parts are ours)
# What of the filters it asks for.
_ABOUT_TABLES = ("accounts", "ous", "regions", "tags", "table_pattern")
_NONE = pa.table({name: pa.array([], pa.string()) for name in ("account_id", "region", "table_name")})

_SCOPE = """
    select
        (select count(*) from tables) as tables,
        count(*) as resources,
        sum(known_minutes) / nullif(sum(known_minutes + gap_minutes), 0) as coverage_ratio,
        count(*) filter (known_minutes < $enough * (known_minutes + gap_minutes)) as with_gaps,
        max(window_end - to_minutes(staleness_minutes)) as known_until
    from collection_coverage
    semi join tables using (account_id, region, table_name)
"""

_CHOICES = {
    "kinds": "select distinct kind from recommendations",
    "accounts": "select account_id, account_name from dim_accounts order by account_name, account_id",
    "ous": """
        with units as (select distinct string_split(ou_path, '/') as names from dim_accounts)
        select distinct array_to_string(names[1:depth], '/') as ou
        from units, range(1, len(names) + 1) as depths(depth)
        order by ou
    """,
    "regions": "select distinct region from dim_tables order by region",
    "tags": """
        with
            pairs as (
                select unnest(map_entries(try_cast(try_cast(tags as json) as map(varchar, varchar)))) as pair
                from dim_tables
            ),
            named as (
                select pair.key as tag from pairs
                union all
                select pair.key || '=' || pair.value from pairs
            )
        select tag
        from named
        group by tag
        order by count(*) desc, tag
        limit $most
    """,
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
class Choices:
    """What a build offers to filter by. Accounts are pairs of id and name, units paths from the root."""

    kinds: tuple[str, ...]
    accounts: tuple[tuple[str, str], ...]
    ous: tuple[str, ...]
    regions: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Scope:
    """What was analysed where the filters on account, unit, region, tag and table name look.

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


@st.cache_data(max_entries=KEPT, show_spinner=False)
def choices(build: Build) -> Choices:
    """Return what can be filtered by."""
    reader = cursor(build)
    known = published.columns(reader)
    tagged = "tags" in known["dim_tables"]
    return Choices(
        kinds=_column(reader, "kinds"),
        accounts=tuple(reader.execute(_CHOICES["accounts"]).fetchall()),
        ous=_column(reader, "ous"),
        regions=_column(reader, "regions"),
        tags=_column(reader, "tags", {"most": MOST_TAGS}) if tagged else (),
    )


def _column(
    reader: duckdb.DuckDBPyConnection, name: str, parameters: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    found = reader.execute(_CHOICES[name], dict(parameters or {})).fetchall()
    return tuple(value for (value,) in found if value is not None)


def tables(view: View) -> pa.Table:
    """Return the tables in force that the filters select by account, unit, region, tag and name.

    Columns: account_id, account_name, ou_path, region, table_name. What is advised on them plays no part.
    """
    return _tables(view.build, about_tables(view.filters))


def tables_and(view: View, more: pa.Table) -> pa.Table:
    """Return the same of the tables in force and of others, which may be gone; of those no tags are known.

    Args:
        view: What is looked at.
        more: account_id, region, table_name; tables in force may be among them.
    """
    return _read_tables(view.build, about_tables(view.filters), more)


def is_everywhere(view: View) -> bool:
    """Return whether the filters leave out no table."""
    return about_tables(view.filters) == Filters(statuses=())


def about_tables(filters: Filters) -> Filters:
    """Return the filters with only those left that are about a table, and not about advice on it."""
    return Filters(
        accounts=filters.accounts,
        ous=filters.ous,
        regions=filters.regions,
        tags=filters.tags,
        statuses=(),
        table_pattern=filters.table_pattern,
    )


def ask_of_tables(
    view: View, query: str, parameters: Mapping[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """Ask a constant query of the tables of the filters, which it calls `tables`, and of any mart."""
    reader = cursor(view.build)
    reader.register("tables", tables(view))
    return reader.execute(query, dict(parameters or {}))


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _tables(build: Build, filters: Filters) -> pa.Table:
    return _read_tables(build, filters, _NONE)


def _read_tables(build: Build, filters: Filters, more: pa.Table) -> pa.Table:
    reader = cursor(build)
    reader.register("more", more)
    asked = {name: filters.parameters[name] for name in _ABOUT_TABLES}
    return reader.execute(_TABLES, asked).to_arrow_table()


@remembered
def scope(view: View) -> Scope:
    """Return what was analysed of the tables that the filters select."""
    row = ask_of_tables(view, _SCOPE, {"enough": ENOUGH_COVERAGE}).fetchone()
    assert row is not None  # an aggregate without group by has exactly one row
    return Scope(*row)


@st.cache_data(max_entries=KEPT, show_spinner=False)
def gaps(build: Build) -> Gaps:
    """Return what the whole build is missing, whatever is filtered."""
    unread = cursor(build).execute(_UNREAD_ACCOUNTS).fetchall()
    ((tables, unbilled),) = cursor(build).execute(_BILLING).fetchall()
    return Gaps(tuple(unread), tables, unbilled)
