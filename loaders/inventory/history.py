"""What earlier inventories know: so that what AWS will not tell this time stays as it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import duckdb

from loaders.inventory import autoscaling
from loaders.inventory.reader import Place, PlaceRead
from loaders.inventory.rows import Row
from loaders.schemas import GSI_METADATA, TABLE_METADATA, RawTable


def known_tables(connection: duckdb.DuckDBPyConnection) -> Mapping[Place, frozenset[str]]:
    """Return the names of the tables that were there when their account and region were last read."""
    found = connection.execute(
        "select account_id, region, table_name from raw_dynamodb.table_metadata where _dlt_valid_to is null"
    ).fetchall()
    names: dict[Place, set[str]] = defaultdict(set)
    for account_id, region, name in found:
        names[Place(account_id, region)].add(name)
    return {place: frozenset(tables) for place, tables in names.items()}


def keep_unread(connection: duckdb.DuckDBPyConnection, place: Place, read: PlaceRead) -> None:
    """Give columns and tables that were not read their last known values, so that they make no new version.

    Autoscaling that was never read is marked as unknown: null would say that there is none.
    """
    for table, rows, key in (
        (TABLE_METADATA, read.tables, "table_name"),
        (GSI_METADATA, read.indexes, "resource_name"),
    ):
        columns = sorted(read.unread & set(table.schema.names))
        if not columns and not read.kept:
            continue
        known = {str(row[key]): row for row in _open_versions(connection, table, place)}
        for row in rows:
            _keep(row, columns, known.get(str(row[key])))
        rows.extend(row for row in known.values() if row["table_name"] in read.kept)


def _keep(row: Row, columns: Sequence[str], known: Row | None) -> None:
    row.update({column: known[column] if known is not None else None for column in columns})
    if set(autoscaling.columns({}, "")) <= set(columns) and (known is None or autoscaling.UNKNOWN in known):
        row[autoscaling.UNKNOWN] = True


def _open_versions(connection: duckdb.DuckDBPyConnection, table: RawTable, place: Place) -> list[Row]:
    """Return rows as they were loaded: without a mark that was not set, which would make a new version."""
    columns = table.schema.names
    found = connection.execute(
        f"select {', '.join(columns)} from {table.qualified_name} "  # noqa: S608 (names are ours)
        "where account_id = ? and region = ? and _dlt_valid_to is null",
        [place.account_id, place.region],
    ).fetchall()
    rows = [dict(zip(columns, values, strict=True)) for values in found]
    for row in rows:
        if row[autoscaling.UNKNOWN] is None:
            del row[autoscaling.UNKNOWN]
    return rows
