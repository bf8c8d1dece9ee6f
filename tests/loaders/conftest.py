"""What the tests of the loaders share: warehouses, and organisations that answer over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from loading import FEW_TABLES, MEMBERS, talk_to

from loaders import inventory
from loaders.pipeline import Warehouse, declare_raw_tables
from optima.sandbox import Sandbox, running


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
def few_tables() -> Iterator[Sandbox]:
    """A small organisation: what is read again and again is read from here."""
    with running(FEW_TABLES) as served:
        yield served


@pytest.fixture
def small_organisation(few_tables: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The same, with this process's AWS calls going to it."""
    talk_to(few_tables, monkeypatch)
    return few_tables


@pytest.fixture(scope="session")
def empty() -> Iterator[Sandbox]:
    """An organisation without a table and without a billing export."""
    with running(replace(FEW_TABLES, tables=0, billing_export=False)) as served:
        yield served


def inventory_file(sandbox: Sandbox, declared_file: Path, folder: Path) -> Path:
    """Read a sandbox's inventory into a copy of the declared warehouse."""
    warehouse = Warehouse(folder / "optima.duckdb", folder / "state")
    shutil.copy(declared_file, warehouse.path)
    with pytest.MonkeyPatch.context() as monkeypatch:
        talk_to(sandbox, monkeypatch)
        inventory.load(warehouse, MEMBERS, now=sandbox.end)
    return warehouse.path


@pytest.fixture(scope="session")
def inventoried_file(sandbox: Sandbox, declared_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return inventory_file(sandbox, declared_file, tmp_path_factory.mktemp("inventoried"))


@pytest.fixture(scope="session")
def small_file(few_tables: Sandbox, declared_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return inventory_file(few_tables, declared_file, tmp_path_factory.mktemp("small"))


@pytest.fixture
def inventoried(inventoried_file: Path, bare: Warehouse, organisation: Sandbox) -> Warehouse:  # noqa: ARG001
    """A warehouse in which the sandbox's inventory has been read once."""
    bare.path.parent.mkdir(parents=True)
    shutil.copy(inventoried_file, bare.path)
    return bare


@pytest.fixture
def small(small_file: Path, bare: Warehouse, small_organisation: Sandbox) -> Warehouse:  # noqa: ARG001
    """A warehouse in which the small organisation's inventory has been read once."""
    bare.path.parent.mkdir(parents=True)
    shutil.copy(small_file, bare.path)
    return bare
