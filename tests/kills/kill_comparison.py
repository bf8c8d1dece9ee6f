"""What two workspaces hold, compared to the last row: one left alone, one killed again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb

from loaders.schemas import RAW_TABLES
from optima import published
from optima.workspace import Workspace

# Columns that tell when something was really done, or which operation did it. Nothing else may differ.
BY_THE_CLOCK = {
    "operation_id",
    # of raw tables: dlt's
    "_dlt_load_id",
    "_dlt_valid_from",
    # of the marts of coverage: when each place was last read and asked for
    "last_read_at",
    "last_successful_read_at",
    "denied_since_at",
    "minutes_tried_at",
    "hours_tried_at",
}
# Tables of a build that tell of it and those before it: a command that was killed late has published twice.
BY_THE_BUILD = ["publication", "publications", "previous_recommendations", "minute_files"]
# Columns that are compared only in part: whether a version is closed, and what is missing but not since when.
IN_PART = {
    "_dlt_valid_to": "_dlt_valid_to is null",
    "missing": r"regexp_replace(missing, '\d{4}-\d\d-\d\d( \d\d:\d\d)?', 'an instant', 'g')",
}
SPANS = "ops.collected_spans"

# What each command fills.
FILLED_BY = {
    "discover": ("raw_organizations", "raw_dynamodb"),
    "collect": ("raw_cloudwatch",),
    "collect-pricing": ("raw_pricing",),
    "collect-cur": ("raw_billing",),
    "run": ("raw_organizations", "raw_dynamodb", "raw_cloudwatch", "raw_pricing", "raw_billing"),
}


def differences(calm: Workspace, killed: Workspace, command: str) -> Iterator[str]:
    """Yield a line for everything in which the two differ after a command."""
    datasets = FILLED_BY[command]
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, workspace in (("calm", calm), ("killed", killed)):
            connection.execute(f"attach '{workspace.warehouse}' as {name} (read_only)")
        for table in RAW_TABLES:
            if table.dataset in datasets:
                yield from _rows(connection, table.qualified_name)
                yield from _duplicates(connection, table.qualified_name, table.key)
        if "raw_cloudwatch" in datasets:
            yield from _rows(connection, SPANS)
        yield from _last_reads(connection)
        yield from _staged(connection)
        if command == "run":
            yield from _relations(connection)
    if command == "run":
        yield from _published(calm, killed)
    yield from _leftovers(calm, killed)


def _relations(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    query = """
        select schema_name || '.' || table_name from duckdb_tables() where database_name = ?
        union
        select schema_name || '.' || view_name from duckdb_views() where database_name = ? and not internal
    """
    found = [
        {row[0] for row in connection.execute(query, [name, name]).fetchall()} for name in ("calm", "killed")
    ]
    for name in sorted(found[0] ^ found[1]):
        yield f"{name} exists in one warehouse only"


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[str]:
    names = [name for name, *_ in connection.execute(f"describe calm.{table}").fetchall()]
    columns = ", ".join(IN_PART.get(name, f'"{name}"') for name in names if name not in BY_THE_CLOCK)
    for here, there in (("calm", "killed"), ("killed", "calm")):
        query = f"select {columns} from {here}.{table} except all select {columns} from {there}.{table}"
        found = connection.execute(query).fetchall()
        if found:
            yield f"{table}: {len(found):,} rows only in {here}, as {found[0]}"


def _duplicates(connection: duckdb.DuckDBPyConnection, table: str, key: Sequence[str]) -> Iterator[str]:
    names = {row[0] for row in connection.execute(f"describe killed.{table}").fetchall()}
    in_force = "where _dlt_valid_to is null" if "_dlt_valid_to" in names else ""
    query = f"""
        select count(*)
        from (
            select 1 from killed.{table} {in_force} group by {", ".join(key)} having count(*) > 1
        )
    """
    duplicates = connection.execute(query).fetchone()
    if duplicates != (0,):
        yield f"{table}: {duplicates} keys occur more than once"


def _last_reads(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """How each account and region was last read; when, and how often, is the history of the runs."""
    for name in ("calm", "killed"):
        connection.execute(
            f"create temp table reads_{name} as select * exclude (read_at) from {name}.ops.inventory_reads "
            "qualify row_number() over (partition by account_id, region order by read_at desc) = 1"
        )
    for here, there in (("calm", "killed"), ("killed", "calm")):
        found = connection.execute(f"from reads_{here} except all from reads_{there}").fetchall()
        if found:
            yield f"ops.inventory_reads: {len(found)} last reads only in {here}, as {found[0]}"


def _staged(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """What dlt left in its staging schemas."""
    tables = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() "
        r"where database_name = 'killed' and schema_name like '%\_staging' escape '\' "
        r"and table_name not like '\_dlt%' escape '\'"
    ).fetchall()
    for (table,) in tables:
        count = [
            connection.execute(f"select count(*) from {name}.{table}").fetchone()
            for name in ("calm", "killed")
        ]
        if count[0] != count[1]:
            yield f"{table}: {count[1]} rows staged instead of {count[0]}"


def _published(calm: Workspace, killed: Workspace) -> Iterator[str]:
    builds = published.current(calm), published.current(killed)
    with duckdb.connect() as connection:
        for name, build in zip(("calm", "killed"), builds, strict=True):
            connection.execute(f"attach '{build.path}' as {name} (read_only)")
        yield from _relations(connection)
        names = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'calm' and not table_name in ?",
            [BY_THE_BUILD],
        ).fetchall()
        for (name,) in names:
            yield from _rows(connection, f"main.{name}")
        totals = [
            connection.execute(
                f"select as_of, * exclude (build_id, published_at, as_of) from {name}.publications "
                "order by build_id desc limit 1"
            ).fetchone()
            for name in ("calm", "killed")
        ]
    if totals[0] != totals[1]:
        yield f"publications: the last is {totals[1]} instead of {totals[0]}"
    days = [
        files_of_minutes(workspace, build) for workspace, build in zip((calm, killed), builds, strict=True)
    ]
    if days[0].keys() != days[1].keys():
        yield f"minutes of other days are published: {sorted(days[0].keys() ^ days[1].keys())}"
    for day in sorted(days[0].keys() & days[1].keys()):
        if _differ(days[0][day], days[1][day]):
            yield f"the minutes of {day} differ"


def files_of_minutes(workspace: Workspace, build: published.Build) -> dict[date, Path]:
    """Return the files of minutes that a build names, by day."""
    with published.open_build(build) as connection:
        rows = connection.execute("select day, file from minute_files").fetchall()
    return {day: workspace.minutes / file for day, file in rows}


def _differ(first: Path, second: Path) -> bool:
    both = ((first, second), (second, first))
    return any(
        duckdb.sql(f"select 1 from (from '{one}' except all from '{other}') limit 1").fetchone()
        for one, other in both
    )


def _leftovers(calm: Workspace, killed: Workspace) -> Iterator[str]:
    """What lies about although nothing is under way."""
    unfinished = [
        path for path in killed.data.rglob("*") if "unfinished" in path.name or path.name.endswith(".wal")
    ]
    stray = [build.path for build in published.builds(killed) if not _was_current(build, killed)]
    temporary = list((killed.root / "temporary").iterdir())
    named = {file for build in published.builds(killed) for file in files_of_minutes(killed, build).values()}
    nobodys = {path for path in killed.minutes.rglob("*") if path.is_file()} - named
    for path in (*unfinished, *stray, *temporary, *sorted(nobodys)):
        yield f"{path.relative_to(killed.root)} was left behind"
    sizes = [_files(workspace.loader_state) for workspace in (calm, killed)]
    if sizes[1] > sizes[0]:
        yield f"dlt's folder holds {sizes[1]} files instead of {sizes[0]}"


def _was_current(build: published.Build, workspace: Workspace) -> bool:
    return workspace.current.exists() and build.build_id <= published.current(workspace).build_id


def _files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))
