"""What the command status says: what was loaded, what is known of it, what was published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optima import published, warehouse
from optima.cli.session import Session
from optima.errors import NothingPublishedError, WorkspaceBusyError
from optima.wording import counted

if TYPE_CHECKING:
    import duckdb


def lines(session: Session) -> Iterator[str]:
    """Yield the overview line by line; a workspace that is being written to shows what was published."""
    yield f"Workspace {session.workspace.root}"
    yield from _loaded(session)
    yield from _published(session)


def _loaded(session: Session) -> Iterator[str]:
    if not session.workspace.warehouse.exists():
        yield "Nothing has been loaded yet: dynamodb-optima discover"
        return
    try:
        with warehouse.look(session.workspace) as connection:
            known = dict(connection.execute(_RAW_TABLES).fetchall())
            if known:
                yield from _contents(connection)
                yield from _operations(connection)
                if session.verbose:
                    yield from _metrics(connection)
    except WorkspaceBusyError as busy:
        yield f"Being loaded: {busy}"


_RAW_TABLES = """
    select table_name, 1
    from information_schema.tables
    where table_schema = 'ops' and table_name = 'collection_state'
"""


def _contents(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    tables, accounts, regions = connection.execute(_INVENTORY).fetchone() or (0, 0, 0)
    where = f"{counted(accounts, 'account')} and {counted(regions, 'region')}"
    yield f"Inventory: {counted(tables, 'table')} in {where}"
    series, first, last = connection.execute(_SPANS).fetchone() or (0, None, None)
    reach = f", from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC" if series else ""
    yield f"Metrics: {series:,} series by the minute{reach}"
    prices, price_regions = connection.execute(_PRICES).fetchone() or (0, 0)
    yield f"Prices: {counted(prices, 'SKU')} in {counted(price_regions, 'region')}"
    months, billed_lines = connection.execute(_BILL).fetchone() or (0, 0)
    yield f"Bill: {counted(billed_lines or 0, 'line')} of {counted(months, 'month')}"


_INVENTORY = """
    select count(*), count(distinct account_id), count(distinct region)
    from raw_dynamodb.table_metadata
    where _dlt_valid_to is null
"""
_SPANS = """
    select count(distinct (account_id, region, resource_name, metric_name)), min(span_start), max(span_end)
    from ops.collected_spans
    where period_seconds = 60
"""
_PRICES = "select count(distinct sku), count(distinct region) from raw_pricing.pricing_data"
_BILL = "select count(distinct billing_period), sum(rows_kept) from raw_billing.cur_periods"


def _operations(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    for operation, status, ended_at, done, total, message in connection.execute(_LAST).fetchall():
        when = f"{ended_at:%Y-%m-%d %H:%M} UTC" if ended_at else "not ended"
        units = f", {done:,} of {total:,} units" if total is not None and done != total else ""
        yield f"Last {operation}: {status}, {when}{units}{f'. {message}' if message else ''}"


_LAST = """
    select operation, status, ended_at, units_done, units_total, message
    from ops.collection_state
    qualify row_number() over (partition by operation order by started_at desc) = 1
    order by started_at
"""


def _metrics(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    yield "Metrics in detail (series, from, to):"
    for name, period, series, first, last in connection.execute(_DETAIL).fetchall():
        yield f"  {name} at {period} s: {series:,}, {first:%Y-%m-%d %H:%M}, {last:%Y-%m-%d %H:%M}"


_DETAIL = """
    select
        metric_name,
        period_seconds,
        count(distinct (account_id, region, resource_name)),
        min(span_start),
        max(span_end)
    from ops.collected_spans
    group by metric_name, period_seconds
    order by metric_name, period_seconds
"""


def _published(session: Session) -> Iterator[str]:
    try:
        build = published.current(session.workspace)
    except NothingPublishedError:
        yield "Published: nothing yet: dynamodb-optima run"
        return
    with published.open_build(build) as connection:
        rows = connection.execute(_KINDS).fetchall()
    yield f"Published: {build.published_at:%Y-%m-%d %H:%M} UTC"
    for kind, looked_at, changes in rows:
        yield f"  {kind}: {counted(changes, 'recommendation')}, {looked_at:,} looked at"


_KINDS = """
    select kind, count(*), count(*) filter (where advice = 'change')
    from recommendations
    group by kind
    order by kind
"""
