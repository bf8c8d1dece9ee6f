"""The tables that these tests write by hand are those of a published build, with its columns and types."""

from __future__ import annotations

from collections import defaultdict

from demo_run import Demo
from published_marts import BESIDES, contracts

from optima import published
from optima.workspace import Workspace

_COLUMNS = """
    select table_name, column_name, lower(data_type)
    from duckdb_columns()
    where database_name = current_database() and schema_name = 'main' and not internal
"""


def test_a_published_build_has_these_tables_with_these_columns(demo: Demo) -> None:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    with published.open_build(published.current(Workspace.at(demo.workspace))) as build:
        for table, column, kind in build.execute(_COLUMNS).fetchall():
            found[table][column] = kind
    assert {table: found[table] for table in BESIDES} == BESIDES
    assert {table: set(columns) for table, columns in found.items()} == {
        table: set(columns) for table, columns in (contracts() | BESIDES).items()
    }
