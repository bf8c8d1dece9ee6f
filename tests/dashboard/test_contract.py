"""The tables that these tests write by hand are those of a published build, with its columns and types."""

from __future__ import annotations

import pytest
from demo_run import Demo
from published_marts import BESIDES, contracts

from optima import published
from optima.workspace import Workspace

_COLUMNS = "select column_name, data_type from duckdb_columns() where table_name = ? order by column_index"


@pytest.mark.parametrize("table", BESIDES)
def test_what_is_beside_the_marts_has_the_columns_that_are_published(demo: Demo, table: str) -> None:
    with published.open_build(published.current(Workspace.at(demo.workspace))) as build:
        found = dict(build.execute(_COLUMNS, [table]).fetchall())
    assert {name: kind.lower() for name, kind in found.items()} == BESIDES[table]


def test_every_mart_of_the_contracts_is_published(demo: Demo) -> None:
    with published.open_build(published.current(Workspace.at(demo.workspace))) as build:
        found = published.columns(build)
    assert {name: set(columns) for name, columns in found.items() if name not in BESIDES} == {
        name: set(columns) for name, columns in contracts().items()
    }
