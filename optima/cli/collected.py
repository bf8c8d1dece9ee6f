"""What the warehouse itself tells of what was collected: accounts, regions, tables, and the loads.

Read from the inventory, the ledger and the known spans, never from points, so that it takes moments whatever
the size. It needs no build, and takes a warehouse as it is: half loaded, or older than some columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]


@dataclass(frozen=True)
class Collected:
    """One look at a warehouse. Instants are UTC without a zone, ages are minutes.

    Attributes:
        totals: How many tables, series, prices and lines of the bill there are.
        operations: The last load of each kind, oldest first.
        places: One row per account and region; '*' is all regions of an account that was never read.
        tables: One row per table or index in force.
        metrics: One row per metric and period.
    """

    totals: Row = field(default_factory=dict)
    operations: list[Row] = field(default_factory=list)
    places: list[Row] = field(default_factory=list)
    tables: list[Row] = field(default_factory=list)
    metrics: list[Row] = field(default_factory=list)


def copy(connection: duckdb.DuckDBPyConnection) -> bool:
    """Copy what is needed out of the attached `warehouse`; tell whether any load has begun yet.

    Quick, so that a load that wants to begin is not kept waiting while it is made sense of.
    """
    found = connection.execute(
        "select schema_name || '.' || table_name, list(column_name) "
        "from duckdb_columns() where database_name = 'warehouse' group by all"
    ).fetchall()
    columns = {table: set(names) for table, names in found}
    if "ops.collection_state" not in columns:
        return False
    for name, (table, declared) in _COPIED.items():
        chosen = ", ".join(
            source if source in columns.get(table, set()) else f"null::{kind} as {source}"
            for source, kind in declared.items()
        )
        origin = f"warehouse.{table}" if table in columns else "(select 0) where false"
        connection.execute(f"create table {name} as select {chosen} from {origin}")  # noqa: S608
    return True


def look(connection: duckdb.DuckDBPyConnection, now: datetime) -> Collected:
    """Make sense of what was copied.

    Args:
        now: The instant that ages are counted to (UTC, no zone).
    """
    connection.execute(_RESOURCES, {"now": now})
    return Collected(
        totals=_rows(connection, _TOTALS)[0],
        operations=_rows(connection, _OPERATIONS),
        places=_rows(connection, _PLACES, {"now": now}),
        tables=_rows(connection, _TABLES),
        metrics=_rows(connection, _METRICS),
    )


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, object] | None = None
) -> list[Row]:
    answer = connection.execute(query, values or {})
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


# The raw tables under short names, with every column that is read here, null where the file has none yet.
_COPIED: dict[str, tuple[str, dict[str, str]]] = {
    "operations": (
        "ops.collection_state",
        {
            "operation_id": "varchar",
            "operation": "varchar",
            "status": "varchar",
            "started_at": "timestamp",
            "ended_at": "timestamp",
            "units_total": "bigint",
            "units_done": "bigint",
            "rows_loaded": "bigint",
            "calls": "bigint",
            "message": "varchar",
            "bytes_loaded": "bigint",
            "usd": "double",
        },
    ),
    "units": (
        "ops.checkpoints",
        {
            "operation_id": "varchar",
            "kind": "varchar",
            "account_id": "varchar",
            "region": "varchar",
            "status": "varchar",
            "started_at": "timestamp",
            "ended_at": "timestamp",
            "error": "varchar",
        },
    ),
    "spans": (
        "ops.collected_spans",
        {
            "account_id": "varchar",
            "region": "varchar",
            "resource_name": "varchar",
            "metric_name": "varchar",
            "period_seconds": "integer",
            "span_start": "timestamp",
            "span_end": "timestamp",
        },
    ),
    "reads": (
        "ops.inventory_reads",
        {
            "account_id": "varchar",
            "region": "varchar",
            "read_at": "timestamp",
            "outcome": "varchar",
            "message": "varchar",
        },
    ),
    "accounts": (
        "raw_organizations.aws_accounts",
        {
            "account_id": "varchar",
            "account_name": "varchar",
            "organization_id": "varchar",
            "state": "varchar",
            "last_seen_at": "timestamp",
        },
    ),
    "stored_tables": (
        "raw_dynamodb.table_metadata",
        {
            "account_id": "varchar",
            "region": "varchar",
            "table_name": "varchar",
            "created_at": "timestamp",
            "_dlt_valid_to": "timestamptz",
        },
    ),
    "stored_indexes": (
        "raw_dynamodb.gsi_metadata",
        {
            "account_id": "varchar",
            "region": "varchar",
            "table_name": "varchar",
            "gsi_name": "varchar",
            "_dlt_valid_to": "timestamptz",
        },
    ),
    "prices": ("raw_pricing.pricing_data", {"sku": "varchar", "region": "varchar"}),
    "months": ("raw_billing.cur_periods", {"billing_period": "date", "rows_kept": "bigint"}),
}

# A minute is known when both dimensions are: from the later beginning to the earlier end, the worse gaps.
_RESOURCES = """
    create temp table resources as
    with
        stored as (
            select account_id, region, table_name, table_name as resource_name, null as index_name, created_at
            from stored_tables
            where _dlt_valid_to is null
            union all
            select
                indexes.account_id,
                indexes.region,
                indexes.table_name,
                indexes.table_name || '#' || indexes.gsi_name,
                indexes.gsi_name,
                tables.created_at
            from stored_indexes as indexes
            join stored_tables as tables using (account_id, region, table_name)
            where indexes._dlt_valid_to is null and tables._dlt_valid_to is null
        ),
        consumed as (
            select
                *,
                max(span_end) over (
                    partition by account_id, region, resource_name, metric_name
                    order by span_start
                    rows between unbounded preceding and 1 preceding
                ) as known_until
            from spans
            where metric_name like 'Consumed%' and period_seconds in (60, 300)
        ),
        series as (
            select
                account_id,
                region,
                resource_name,
                metric_name,
                min(span_start) as from_at,
                max(span_end) as to_at,
                count(*) filter (span_start > known_until) as gaps,
                sum(date_diff('minute', known_until, span_start)) filter (span_start > known_until)
                as gap_minutes,
                max(date_diff('minute', known_until, span_start)) as largest_gap_minutes,
                arg_max(known_until, date_diff('minute', known_until, span_start)) as largest_gap_at,
                min(span_start) filter (period_seconds = 60) as minutes_from_at
            from consumed
            group by all
        ),
        known as (
            select
                account_id,
                region,
                resource_name,
                max(from_at) as from_at,
                min(to_at) as to_at,
                max(gaps) as gaps,
                max(gap_minutes) as gap_minutes,
                arg_max(largest_gap_minutes, gap_minutes) as largest_gap_minutes,
                arg_max(largest_gap_at, gap_minutes) as largest_gap_at,
                max(minutes_from_at) as minutes_from_at
            from series
            group by all
            having count(*) = 2
        )
    select
        stored.account_id,
        stored.region,
        stored.table_name,
        stored.index_name,
        known.from_at,
        known.to_at,
        known.minutes_from_at,
        coalesce(known.gaps, 0)::bigint as gaps,
        coalesce(known.gap_minutes, 0)::bigint as gap_minutes,
        case when known.gaps > 0 then known.largest_gap_minutes end as largest_gap_minutes,
        case when known.gaps > 0 then known.largest_gap_at end as largest_gap_at,
        case when known.to_at is not null then greatest(date_diff('minute', known.to_at, $now::timestamp), 0)
        end as staleness_minutes
    from stored
    left join known using (account_id, region, resource_name)
"""

_TOTALS = """
    select
        (select count(*) from resources where index_name is null) as tables,
        (select count(*) from resources where index_name is not null) as indexes,
        (select count(distinct account_id) from resources) as accounts_with_tables,
        (select count(distinct region) from resources) as regions_with_tables,
        (
            select count(distinct (account_id, region, resource_name, metric_name))
            from spans
            where period_seconds = 60
        ) as series,
        (select min(span_start) from spans where period_seconds = 60) as series_from_at,
        (select max(span_end) from spans where period_seconds = 60) as series_to_at,
        (select count(distinct sku) from prices) as prices,
        (select count(distinct region) from prices) as price_regions,
        (select count(distinct billing_period) from months) as bill_months,
        (select coalesce(sum(rows_kept), 0)::bigint from months) as bill_lines
"""

# A load that the ledger calls running died: nobody writes while this is read.
_OPERATIONS = """
    with
        last as (
            select *
            from operations
            qualify row_number() over (partition by operation order by started_at desc, operation_id desc) = 1
        ),
        counted as (
            select
                operation_id,
                count(*) as units,
                count(*) filter (status = 'done') as done,
                count(*) filter (status = 'denied') as denied,
                count(*) filter (status = 'failed') as failed,
                count(*) filter (status = 'skipped') as skipped,
                count(*) filter (status = 'pending') as pending
            from units
            group by operation_id
        )
    select
        last.operation,
        case when last.status = 'running' then 'interrupted' else last.status end as status,
        last.started_at,
        last.ended_at,
        coalesce(greatest(last.units_total, counted.units), 0) as units,
        coalesce(counted.done, last.units_done, 0) as units_done,
        coalesce(counted.denied, 0) as units_denied,
        coalesce(counted.failed, 0) as units_failed,
        coalesce(counted.skipped, 0) as units_skipped,
        coalesce(counted.pending, 0) as units_left,
        last.rows_loaded as rows,
        last.bytes_loaded as bytes,
        last.calls,
        last.usd,
        last.message
    from last
    left join counted using (operation_id)
    order by last.started_at
"""

# Named as in the mart place_coverage.
_PLACES = """
    with
        regions as (
            select account_id, region from resources
            union
            select account_id, region from reads where region <> '*'
        ),
        all_places as (
            from regions
            union all
            select account_id, '*'
            from (select account_id from accounts union select account_id from reads)
            where account_id not in (select account_id from regions)
        ),
        listings as (select organization_id, max(last_seen_at) as listed_at from accounts group by all),
        members as (
            select
                accounts.*,
                case
                    when state = 'LEFT' or (last_seen_at < listed_at and organization_id is not null)
                    then last_seen_at
                end as left_after_at
            from accounts
            left join listings using (organization_id)
        ),
        read as (
            select
                all_places.account_id,
                all_places.region,
                max(read_at) as last_read_at,
                arg_max(outcome, read_at) as last_read_outcome,
                arg_max(message, read_at) as last_read_message,
                max(read_at) filter (outcome = 'read') as last_successful_read_at
            from all_places
            join
                reads
                on all_places.account_id = reads.account_id
                and (reads.region = all_places.region or reads.region = '*')
            group by all
        ),
        denied as (
            select read.account_id, read.region, min(reads.read_at) as denied_since_at
            from read
            join
                reads
                on read.account_id = reads.account_id
                and (reads.region = read.region or reads.region = '*')
            where
                last_read_outcome = 'denied'
                and reads.outcome = 'denied'
                and reads.read_at > coalesce(last_successful_read_at, timestamp '1970-01-01')
            group by all
        ),
        covered as (
            select
                account_id,
                region,
                count(*) filter (index_name is null) as tables,
                count(*) filter (index_name is null and to_at is null) as tables_unknown,
                count(*) filter (index_name is null and gaps > 0) as tables_with_gaps,
                min(from_at) as minutes_from_at,
                max(to_at) as minutes_to_at,
                sum(gap_minutes)::bigint as gap_minutes,
                max(staleness_minutes) as staleness_minutes
            from resources
            group by all
        ),
        tried as (
            select
                account_id,
                region,
                kind,
                count(*) filter (status = 'denied') as denied,
                count(*) filter (status = 'failed') as failed,
                count(*) filter (status = 'pending') as pending,
                count(*) filter (status = 'done') as done,
                arg_max(error, coalesce(ended_at, started_at)) filter (status in ('denied', 'failed'))
                as problem
            from units
            where kind in ('minutes', 'capacity', 'memory')
            group by account_id, region, kind, operation_id
            qualify
                row_number() over (
                    partition by account_id, region, kind
                    order by max(coalesce(ended_at, started_at)) desc, operation_id desc
                )
                = 1
        ),
        outcomes as (
            select
                *,
                case
                    when denied > 0 then 'denied'
                    when failed > 0 then 'failed'
                    when pending > 0 then 'interrupted'
                    when done > 0 then 'done'
                    else 'skipped'
                end as outcome
            from tried
        ),
        readings as (
            select
                account_id,
                region,
                any_value(outcome) filter (kind = 'minutes') as minutes_outcome,
                any_value(problem) filter (kind = 'minutes') as minutes_problem,
                any_value(outcome) filter (kind = 'capacity') as provisioned_outcome,
                any_value(problem) filter (kind = 'capacity') as provisioned_problem,
                any_value(outcome) filter (kind = 'memory') as hours_outcome,
                any_value(problem) filter (kind = 'memory') as hours_problem
            from outcomes
            group by all
        )
    select
        all_places.account_id,
        coalesce(members.account_name, all_places.account_id) as account_name,
        all_places.region,
        case when left_after_at is not null then 'left' else lower(coalesce(members.state, 'active')) end
        as account_state,
        left_after_at,
        coalesce(tables, 0) as tables,
        coalesce(tables_unknown, 0) as tables_unknown,
        coalesce(tables_with_gaps, 0) as tables_with_gaps,
        minutes_from_at,
        minutes_to_at,
        coalesce(gap_minutes, 0) as gap_minutes,
        staleness_minutes,
        last_read_at,
        last_read_outcome,
        last_read_message,
        last_successful_read_at,
        greatest(date_diff('minute', last_successful_read_at, $now::timestamp), 0) as read_staleness_minutes,
        denied_since_at,
        readings.* exclude (account_id, region)
    from all_places
    left join members using (account_id)
    left join read using (account_id, region)
    left join denied using (account_id, region)
    left join covered using (account_id, region)
    left join readings using (account_id, region)
    order by account_id, region
"""

_TABLES = """
    select * from resources order by account_id, region, table_name, index_name nulls first
"""

_METRICS = """
    select
        metric_name,
        period_seconds,
        count(distinct (account_id, region, resource_name)) as series,
        min(span_start) as from_at,
        max(span_end) as to_at
    from spans
    group by metric_name, period_seconds
    order by metric_name, period_seconds
"""
