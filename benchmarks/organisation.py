"""An organisation's raw data, written straight into a warehouse: as a load leaves it, without the load."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from duckdb import DuckDBPyConnection

from loaders.pipeline import OpenWarehouse, Warehouse
from optima.workspace import Workspace

ACCOUNTS = 10
REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
OPERATION = "benchmark"


@dataclass(frozen=True)
class Organisation:
    """What to make: tables with reads and writes for some days of minutes, and of hours before those."""

    tables: int
    days: int
    memory_days: int
    end: datetime

    @property
    def start(self) -> datetime:
        """The first minute."""
        return self.end - timedelta(days=self.days)

    @property
    def memory_start(self) -> datetime:
        """The first hour that only the long memory knows."""
        return self.start - timedelta(days=self.memory_days)

    @property
    def minute_points(self) -> int:
        """Points of a minute: reads and writes."""
        return self.tables * 2 * self.days * 1440


def prepare(organisation: Organisation, workspace: Workspace) -> None:
    """Make the workspace's warehouse and fill it."""
    workspace.create()
    with Warehouse(workspace.warehouse, workspace.loader_state).open() as warehouse:
        _write(organisation, warehouse)


def add_a_day(organisation: Organisation, workspace: Workspace) -> None:
    """Write the day after the last one, with the spans that a load of it leaves: longer, and signed by it."""
    end = organisation.end + timedelta(days=1)
    with Warehouse(workspace.warehouse, workspace.loader_state).open() as warehouse:
        connection = warehouse.connection
        connection.execute("set timezone = 'UTC'")
        _make_tables(organisation, connection)
        _write_consumption(connection, 60, organisation.end, end)
        _write_capacity(connection, organisation.end, end)
        connection.execute(
            "update ops.collected_spans set span_end = $end, operation_id = $operation"
            " where span_end = $before",
            {"end": end, "operation": f"{OPERATION} 2", "before": organisation.end},
        )
        connection.execute("checkpoint")


def _write(organisation: Organisation, warehouse: OpenWarehouse) -> None:
    """Fill the raw tables of an empty warehouse."""
    connection = warehouse.connection
    connection.execute("set timezone = 'UTC'")
    connection.execute("set preserve_insertion_order = false")
    _make_tables(organisation, connection)
    _write_inventory(organisation, connection)
    _write_consumption(connection, 60, organisation.start, organisation.end)
    _write_consumption(connection, 3600, organisation.memory_start, organisation.start)
    _write_capacity(connection, organisation.start, organisation.end)
    _write_spans(organisation, connection)
    connection.execute("checkpoint")


def _make_tables(organisation: Organisation, connection: DuckDBPyConnection) -> None:
    """Make one row per table: half on-demand, a quarter fixed, a quarter autoscaled; each of one pattern.

    Five patterns (steady, daily, weekly, spiky, idle) and levels from 1 to about 1,000 units a second.
    """
    regions = ", ".join(f"'{region}'" for region in REGIONS)
    connection.execute(
        f"""
        create temp table tables as
        select
            cast(100000000000 + id % {ACCOUNTS} as varchar) as account_id,
            [{regions}][1 + id % {len(REGIONS)}] as region,
            'table-' || lpad(cast(id as varchar), 5, '0') as table_name,
            id % 4 < 2 as is_on_demand,
            id % 4 = 3 as is_autoscaled,
            ['steady', 'daily', 'weekly', 'spiky', 'idle'][1 + id % 5] as pattern,
            pow(10, hash(id) % 1000 / 333) as level,
            hash(id) % 1440 as phase
        from range({organisation.tables}) as ids(id)
        """
    )


def _write_inventory(organisation: Organisation, connection: DuckDBPyConnection) -> None:
    """Write accounts, tables, sizes and the reads of the inventory: created long ago, seen at the end."""
    end, long_ago = organisation.end, organisation.memory_start - timedelta(days=1)
    connection.execute(
        """
        insert into raw_organizations.aws_accounts by name
        select distinct
            account_id, 'account ' || account_id as account_name, 'o-benchmark' as organization_id,
            '100000000000' as management_account_id, account_id = '100000000000' as is_management,
            'ACTIVE' as state, 'Root/Workloads' as ou_path, cast($end as timestamp) as last_seen_at
        from tables
        """,
        {"end": end},
    )
    bounds = ", ".join(
        f"case when is_autoscaled then {value} end as {dimension}_autoscaling_{name}"
        for dimension in ("read", "write")
        for name, value in (("min", 5), ("max", 40_000), ("target_pct", 70))
    )
    connection.execute(
        f"""
        insert into raw_dynamodb.table_metadata by name
        select
            account_id, region, table_name, table_name as table_id, 'ACTIVE' as table_status,
            if(is_on_demand, 'PAY_PER_REQUEST', 'PROVISIONED') as billing_mode,
            if(hash(table_name) % 7 = 0, 'STANDARD_INFREQUENT_ACCESS', 'STANDARD') as table_class,
            if(is_on_demand, null, ceil(level * 4)) as read_capacity_units,
            if(is_on_demand, null, ceil(level * 2)) as write_capacity_units,
            cast($long_ago as timestamp) as created_at, cast($long_ago as timestamp) as _dlt_valid_from,
            '{OPERATION}' as _dlt_load_id, md5(table_name) as _dlt_id, {bounds}
        from tables
        """,
        {"long_ago": long_ago},
    )
    connection.execute(
        """
        insert into raw_dynamodb.table_sizes by name
        select
            account_id, region, table_name, table_name as resource_name, cast($end as date) as observed_on,
            cast(level * 1e9 as bigint) as size_bytes, cast(level * 1e6 as bigint) as item_count
        from tables
        """,
        {"end": end},
    )
    connection.execute(
        """
        insert into ops.inventory_reads by name
        select
            account_id, region, cast($end as timestamp) as read_at, 'read' as outcome,
            count(*) as tables_seen
        from tables
        group by account_id, region
        """,
        {"end": end},
    )


def _write_consumption(
    connection: DuckDBPyConnection, period_seconds: int, start: datetime, end: datetime
) -> None:
    """Write the sums of every period, series after series, as the loader writes what CloudWatch answers."""
    wave = "1 + 0.8 * sin((minute + phase) * pi() / {half_period})"
    noise = "(0.8 + 0.4 * (hash(minute, phase, metric_name) % 1000) / 1000)"
    rate = f"""
        level * {noise} * case pattern
            when 'daily' then {wave.format(half_period=720)}
            when 'weekly' then {wave.format(half_period=5040)}
            when 'spiky' then if(hash(minute, level) % 500 = 0, 20, 0.2)
            when 'idle' then 0
            else 1
        end
    """
    connection.execute(
        f"""
        insert into raw_cloudwatch.metrics by name
        with
            metrics as (
                select unnest(['ConsumedReadCapacityUnits', 'ConsumedWriteCapacityUnits']) as metric_name
            ),
            points as (
                select tables.*, metric_name, unnest(range($first, $last, {period_seconds // 60})) as minute
                from tables, metrics
            )
        select
            account_id, region, table_name as resource_name, metric_name, 'Sum' as statistic,
            {period_seconds} as period_seconds,
            make_timestamp(minute * 60000000) as timestamp, round({rate} * {period_seconds}) as value
        from points
        """,
        {"first": _minute(start), "last": _minute(end)},
    )


def _write_capacity(connection: DuckDBPyConnection, start: datetime, end: datetime) -> None:
    """Write the provisioned units of each five minutes, which do not change."""
    connection.execute(
        """
        insert into raw_cloudwatch.metrics by name
        select
            account_id, region, table_name as resource_name, metric_name, 'Average' as statistic,
            300 as period_seconds, make_timestamp(minute * 60000000) as timestamp,
            ceil(level * if(metric_name = 'ProvisionedReadCapacityUnits', 4, 2)) as value
        from range($first, $last, 5) as minutes(minute),
            unnest(['ProvisionedReadCapacityUnits', 'ProvisionedWriteCapacityUnits']) as metrics(metric_name),
            tables
        where not is_on_demand
        """,
        {"first": _minute(start), "last": _minute(end)},
    )


def _write_spans(organisation: Organisation, connection: DuckDBPyConnection) -> None:
    """Write that all of it was collected; no throttle was seen."""
    connection.execute(
        f"""
        insert into ops.collected_spans by name
        select
            account_id, region, table_name as resource_name, metric_name, statistic, period_seconds,
            span_start, span_end, '{OPERATION}' as operation_id
        from tables, (
            values
                ('ConsumedReadCapacityUnits', 'Sum', 60, $start, $end),
                ('ConsumedWriteCapacityUnits', 'Sum', 60, $start, $end),
                ('ReadThrottleEvents', 'Sum', 60, $start, $end),
                ('WriteThrottleEvents', 'Sum', 60, $start, $end),
                ('ConsumedReadCapacityUnits', 'Sum', 3600, $memory_start, $start),
                ('ConsumedWriteCapacityUnits', 'Sum', 3600, $memory_start, $start),
                ('ProvisionedReadCapacityUnits', 'Average', 300, $start, $end),
                ('ProvisionedWriteCapacityUnits', 'Average', 300, $start, $end)
        ) as spans(metric_name, statistic, period_seconds, span_start, span_end)
        where metric_name not like 'Provisioned%' or not is_on_demand
        """,
        {"start": organisation.start, "end": organisation.end, "memory_start": organisation.memory_start},
    )


def _minute(instant: datetime) -> int:
    """Minutes from 1970 to an instant of UTC."""
    return (instant - datetime(1970, 1, 1)) // timedelta(minutes=1)
