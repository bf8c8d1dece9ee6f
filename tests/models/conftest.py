"""The fixtures behind every test of the models: a warehouse of one's own in a second or two."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_warehouse import DbtProject, MakeWarehouse, SmallWarehouse


@pytest.fixture(scope="session")
def empty_warehouse(dbt_project: DbtProject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the file that every test's warehouse is a copy of: raw tables and seeds, no models."""
    warehouse = SmallWarehouse(dbt_project, tmp_path_factory.mktemp("empty") / "optima.duckdb")
    warehouse.create()
    return warehouse.path


@pytest.fixture(scope="session")
def make_warehouse(
    dbt_project: DbtProject, empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> MakeWarehouse:
    """Make warehouses for fixtures that several tests share, because one build serves them all."""

    def make() -> SmallWarehouse:
        path = tmp_path_factory.mktemp("warehouse") / "optima.duckdb"
        shutil.copyfile(empty_warehouse, path)
        return SmallWarehouse(dbt_project, path)

    return make


@pytest.fixture
def warehouse(make_warehouse: MakeWarehouse) -> SmallWarehouse:
    """Give a test an empty warehouse: `.rows`, `.minutes`, `.series`, then `.build`, then `.query`."""
    return make_warehouse()
