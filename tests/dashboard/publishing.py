"""A program that loads, builds and publishes a workspace again and again until it is ended.

The rows of every mart and every minute of a build bear its number: `build_number`, the names of accounts and
tables (`orders-build-7`), what each best plan saves (7 USD). A warehouse open for writing is what loads and
builds are to those who read.
"""

from __future__ import annotations

import itertools
import sys
from datetime import datetime
from pathlib import Path

import duckdb

from optima.publish import publish
from optima.workspace import Workspace

AS_OF = datetime(2026, 11, 1)
_NUMBERED = r"regexp_replace({name}, '-build-\d+|$', '-build-{number}')"
_MARTS = """
    select table_name, list_intersect(list(column_name), ['account_name', 'table_name'])
    from duckdb_columns()
    where schema_name = 'marts'
    group by table_name
"""
_PREPARED = """
    create schema intermediate;
    create table intermediate.int_demand__days_arrayed as
    select
        account_id,
        region,
        table_name as resource_name,
        cast(day as date) as day,
        cast([] as double[]) as reads,
        cast(null as double[]) as writes,
        cast(null as double[]) as read_capacity,
        cast(null as double[]) as write_capacity,
        cast(null as struct(minute_of_day usmallint, value double)[]) as read_throttles,
        cast(null as struct(minute_of_day usmallint, value double)[]) as write_throttles,
        cast(null as timestamp) as updated_at
    from marts.dim_tables, range(date '2026-10-29', date '2026-11-01', interval 1 day) as days (day)
"""
_MINUTES = """
    update intermediate.int_demand__days_arrayed
    set
        resource_name = regexp_replace(resource_name, '-build-\\d+|$', '-build-' || $number),
        reads = list_transform(range(1440), lambda minute: $number),
        updated_at = timestamp '2026-11-01' + to_days($number)
"""
_SAVINGS = """
    update marts.recommendations
    set
        projected_monthly_cost_usd = current_monthly_cost_usd - $number,
        monthly_savings_usd = $number,
        annual_savings_usd = 12 * $number
    where kind = 'best_plan'
"""


def prepare(workspace: Workspace, made: Path) -> None:
    """Make a warehouse with the marts that a published file holds."""
    workspace.create()
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute(f"attach '{made}' as made (read_only)")
        connection.execute("create schema marts")
        marts = connection.execute("select table_name from duckdb_tables() where database_name = 'made'")
        for (mart,) in marts.fetchall():
            connection.execute(f"create table marts.{mart} as select *, 0 as build_number from made.{mart}")
        connection.execute(_PREPARED)


def build(workspace: Workspace, number: int) -> None:
    """Do what a load and a build do: hold the warehouse and leave other rows in it."""
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute(_MINUTES, {"number": number})
        connection.execute(_SAVINGS, {"number": number})
        for mart, named in connection.execute(_MARTS).fetchall():
            names = (f", {name} = {_NUMBERED.format(name=name, number=number)}" for name in named)
            connection.execute(f"update marts.{mart} set build_number = {number}{''.join(names)}")


if __name__ == "__main__":
    here = Workspace.at(Path(sys.argv[1]))
    for round_ in itertools.count(1):
        build(here, round_)
        publish(here, AS_OF)
