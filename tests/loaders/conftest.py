"""What the tests of the loaders share: a warehouse of their own and an organisation that answers over HTTP."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from loading import MEMBERS, talk_to

from loaders import inventory
from loaders.pipeline import Warehouse, declare_raw_tables
from optima.sandbox import Sandbox


@pytest.fixture
def bare(tmp_path: Path) -> Warehouse:
    """A warehouse that does not exist yet."""
    return Warehouse(tmp_path / "data" / "optima.duckdb", tmp_path / "state")


@pytest.fixture(scope="session")
def declared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("declared")
    declare_raw_tables(Warehouse(folder / "optima.duckdb", folder / "state"))
    return folder / "optima.duckdb"


@pytest.fixture
def warehouse(bare: Warehouse, declared_file: Path) -> Warehouse:
    """A warehouse with its tables, all empty."""
    bare.path.parent.mkdir(parents=True)
    shutil.copy(declared_file, bare.path)
    return bare


@pytest.fixture
def organisation(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox of the whole test run, with this process's AWS calls going to it."""
    talk_to(sandbox, monkeypatch)
    return sandbox


@pytest.fixture(scope="session")
def inventoried_file(
    sandbox: Sandbox, declared_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("inventoried")
    warehouse = Warehouse(folder / "optima.duckdb", folder / "state")
    shutil.copy(declared_file, warehouse.path)
    with pytest.MonkeyPatch.context() as monkeypatch:
        talk_to(sandbox, monkeypatch)
        inventory.load(warehouse, MEMBERS, now=sandbox.end)
    return warehouse.path


@pytest.fixture
def inventoried(inventoried_file: Path, bare: Warehouse, organisation: Sandbox) -> Warehouse:
    """A warehouse in which the sandbox's inventory has been read once."""
    bare.path.parent.mkdir(parents=True)
    shutil.copy(inventoried_file, bare.path)
    return bare
