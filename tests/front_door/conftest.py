"""A workspace with a warehouse that looks built: what publishing and reading need, without dbt."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from optima.workspace import Workspace

RECOMMENDATIONS = """
    create or replace table marts.recommendations as
    select * from (values
        ('id-1', 'capacity_mode', 'change', 13.0305, 'orders'),
        ('id-2', 'utilization', 'keep', 0, 'users')
    ) as rows (recommendation_id, kind, advice, monthly_savings_usd, table_name)
"""
MINUTES = """
    create or replace table intermediate.int_demand__days_arrayed as
    select
        '111122223333' as account_id,
        'us-east-1' as region,
        'orders' as resource_name,
        date '2026-10-30' + day::int as day,
        list_transform(range(1440), lambda minute: minute::double) as reads,
        list_transform(range(1440), lambda minute: 1.0) as writes,
        null::double[] as read_capacity,
        null::double[] as write_capacity,
        null::struct(minute_of_day usmallint, value double)[] as read_throttles,
        null::struct(minute_of_day usmallint, value double)[] as write_throttles,
        timestamp '2026-11-01' as updated_at
    from range(2) as days (day)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace.at(tmp_path)
    workspace.create()
    return workspace


@pytest.fixture
def built(workspace: Workspace) -> Workspace:
    """The workspace after a build: two recommendations, two days of minutes."""
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("create schema marts; create schema intermediate")
        connection.execute(RECOMMENDATIONS)
        connection.execute(MINUTES)
    return workspace
