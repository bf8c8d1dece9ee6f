"""A published build of many tables: the demo's, repeated, each time in accounts of its own.

Names, keys and account ids differ from copy to copy, everything else is the demo's, so that pages have as
much variety to show as the demo has and as many rows as asked for.
"""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from optima import minutes
from optima.published import Build, build_at
from optima.workspace import Workspace

# What a row is found by: other copies of it have others.
_KEYS = ("recommendation_id",)
_SAME_EVERYWHERE = frozenset({"dim_prices", "publication", "publications", "minute_files"})


def multiply(demo: Build, workspace: Workspace, copies: int) -> Build:
    """Write a build into a workspace that holds `copies` times what the demo's holds, and make it current."""
    workspace.create()
    build = build_at(workspace, datetime.now(UTC).replace(tzinfo=None))
    with duckdb.connect(str(build.path)) as connection:
        connection.execute(f"attach '{demo.path}' as demo (read_only)")
        connection.execute("set preserve_insertion_order = true")
        connection.execute("create temp table copies as select unnest(range(?)) as copy", [copies])
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'demo' order by table_name"
        ).fetchall()
        for (table,) in tables:
            connection.execute(f'create table "{table}" as {_copied(connection, table)}')
        connection.execute(
            "update publication set build_id = ?, published_at = ?", [build.build_id, build.published_at]
        )
        _copy_minutes(connection, demo, workspace)
        connection.execute("checkpoint")
    workspace.current.write_text(build.path.name, encoding="utf-8")
    return build


def _copied(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return the query of a table's rows in every copy, in the order of the place that they are about."""
    names = [
        name
        for (name,) in connection.execute(
            "select column_name from duckdb_columns() where database_name = 'demo' and table_name = ?"
            " order by column_index",
            [table],
        ).fetchall()
    ]
    if table in _SAME_EVERYWHERE:
        return f'select * from demo."{table}"'
    changed = ", ".join(f"{change(name)} as {name}" for name in names if change(name) != name)
    place = [name for name in ("account_id", "region", "table_name") if name in names]
    order = f" order by {', '.join(place)}" if place else ""
    replaced = f" replace ({changed})" if changed else ""
    return f'select rows.* {replaced} from demo."{table}" as rows, copies{order}'


def _copy_minutes(connection: duckdb.DuckDBPyConnection, demo: Build, workspace: Workspace) -> None:
    """Write the minutes of every copy, a file a day, ordered as a publication orders them."""
    folder = demo.path.parent / "minutes"
    for (file,) in connection.execute("select file from minute_files order by day").fetchall():
        rows = connection.execute(
            f"select rows.* replace ({change('account_id')} as account_id)"
            " from read_parquet(?) as rows, copies order by resource_name, account_id, region",
            [str(folder / file)],
        )
        minutes.write(rows.to_arrow_reader(1024), workspace.minutes / file)


def change(column: str) -> str:
    """Return how a copy's value of a column is written, in a query that has the number of the `copy`."""
    if column in _KEYS or column.endswith("_key"):
        return f"case when copy = 0 then {column} else md5({column} || copy) end"
    if column in ("account_id", "payer_account_id", "owner_account_id"):
        return f"lpad((({column}::bigint + copy * 1000003) % 1000000000000)::varchar, 12, '0')"
    if column == "account_name":
        return f"case when copy = 0 then {column} else {column} || '-' || copy end"
    return column
